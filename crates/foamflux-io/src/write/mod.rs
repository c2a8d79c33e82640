//! Writing volumes and images.
