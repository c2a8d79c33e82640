//! The processor backend runs the contract in either storage and in its own choice of it.

mod chosen {
    foamflux_transport::backend_suite!(foamflux_transport::CpuBackend::new);
}

mod compact {
    use foamflux_transport::{CpuBackend, Layout};

    fn make() -> CpuBackend {
        CpuBackend::with_layout(Layout::Compact)
    }

    foamflux_transport::backend_suite!(make);
}

mod dense {
    use foamflux_transport::{CpuBackend, Layout};

    fn make() -> CpuBackend {
        CpuBackend::with_layout(Layout::Dense)
    }

    foamflux_transport::backend_suite!(make);
}
