import sys

from foamflux._program import main

sys.exit(main())
