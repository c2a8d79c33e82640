//! What can be known of the kernels without a GPU: they compile for any WebGPU device, and say what the host believes.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the test functions")]

use std::collections::BTreeSet;
use std::mem::{offset_of, size_of};

use foamflux_shaders::layout::{Ratio, Reduction, Slab};
use foamflux_shaders::{Access, Holds, KERNELS, Kernel, Limits, Work, source};
use naga::{AddressSpace, ArraySize, Module, Scalar, StorageAccess, TypeInner};

fn module(kernel: &Kernel) -> Module {
    let text = source(kernel);
    naga::front::wgsl::parse_str(&text)
        .unwrap_or_else(|error| panic!("{}:\n{}", kernel.name, error.emit_to_string(&text)))
}

fn group_0(module: &Module) -> Vec<&naga::GlobalVariable> {
    let mut bound: Vec<_> = module.global_variables.iter().map(|(_, v)| v).filter(|v| v.binding.is_some()).collect();
    bound.sort_by_key(|variable| variable.binding.map(|binding| binding.binding));
    bound
}

#[test]
fn every_kernel_validates_without_any_capability() {
    for kernel in KERNELS {
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            // Neither f64, f16, subgroups, float atomics nor anything else that a device may lack.
            naga::valid::Capabilities::empty(),
        );
        if let Err(error) = validator.validate(&module(kernel)) {
            panic!("{}: {}", kernel.name, error.emit_to_string(&source(kernel)));
        }
    }
}

#[test]
fn there_is_one_entry_point_and_it_is_the_table_s() {
    let mut names = BTreeSet::new();
    for kernel in KERNELS {
        let module = module(kernel);
        assert_eq!(module.entry_points.len(), 1, "{}", kernel.name);
        let entry = &module.entry_points[0];
        assert_eq!(entry.name, kernel.entry_point());
        assert_eq!(entry.stage, naga::ShaderStage::Compute);
        assert_eq!(entry.workgroup_size, kernel.workgroup, "{}", kernel.name);
        assert!(names.insert(kernel.name), "two kernels are called {}", kernel.name);
    }
}

#[test]
fn every_kernel_file_is_in_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut with_entry_point = BTreeSet::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "wgsl") {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.contains("@compute") {
                with_entry_point.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(with_entry_point, KERNELS.iter().map(|kernel| kernel.name.to_owned()).collect());
}

#[test]
fn bindings_are_those_of_the_table() {
    for kernel in KERNELS {
        let module = module(kernel);
        let bound = group_0(&module);
        assert_eq!(bound.len(), kernel.bindings.len(), "{}", kernel.name);
        for (number, (variable, binding)) in bound.iter().zip(kernel.bindings).enumerate() {
            let place = format!("{} binding {number} ({})", kernel.name, binding.name);
            assert_eq!(variable.name.as_deref(), Some(binding.name), "{place}");
            let at = variable.binding.unwrap();
            assert_eq!((at.group, at.binding as usize), (0, number), "{place}");
            let space = match binding.access {
                Access::Uniform => AddressSpace::Uniform,
                Access::Read => AddressSpace::Storage { access: StorageAccess::LOAD },
                Access::Write | Access::ReadWrite => {
                    AddressSpace::Storage { access: StorageAccess::LOAD | StorageAccess::STORE }
                }
            };
            assert_eq!(variable.space, space, "{place}");
            let declared = &module.types[variable.ty];
            match binding.holds {
                Holds::Slab => assert_eq!(declared.name.as_deref(), Some("Slab"), "{place}"),
                Holds::Ratio => assert_eq!(declared.name.as_deref(), Some("Ratio"), "{place}"),
                Holds::Reduction => assert_eq!(declared.name.as_deref(), Some("Reduction"), "{place}"),
                Holds::Connectivity => assert!(is_list_of(&module, &declared.inner, Scalar::U32), "{place}"),
                Holds::Field | Holds::Partials | Holds::Scalars => {
                    assert!(is_list_of(&module, &declared.inner, Scalar::F32), "{place}");
                }
            }
        }
    }
}

fn is_list_of(module: &Module, inner: &TypeInner, scalar: Scalar) -> bool {
    match inner {
        TypeInner::Array { base, size: ArraySize::Dynamic, .. } => {
            module.types[*base].inner == TypeInner::Scalar(scalar)
        }
        _ => false,
    }
}

/// Asserts that the struct of this name has the host's fields at the host's offsets, and the host's size.
macro_rules! assert_layout {
    ($module:expr, $host:ident { $($field:ident),+ $(,)? }) => {{
        let (_, declared) =
            $module.types.iter().find(|(_, t)| t.name.as_deref() == Some(stringify!($host))).unwrap();
        let TypeInner::Struct { members, span } = &declared.inner else { panic!("not a struct") };
        let found: Vec<(&str, usize)> =
            members.iter().map(|m| (m.name.as_deref().unwrap(), m.offset as usize)).collect();
        assert_eq!(found, [$((stringify!($field), offset_of!($host, $field))),+], stringify!($host));
        assert_eq!(*span as usize, size_of::<$host>(), stringify!($host));
        // GLES rounds the size of a uniform block up to this.
        assert_eq!(size_of::<$host>() % 16, 0, stringify!($host));
    }};
}

#[test]
fn structs_lie_in_memory_as_the_host_s() {
    for kernel in KERNELS {
        let module = module(kernel);
        assert_layout!(
            module,
            Slab {
                nx,
                ny,
                nz,
                first_plane,
                box_planes,
                direction,
                conductance_x,
                conductance_y,
                conductance_z,
                electrode_low,
                electrode_high,
                padding,
            }
        );
        assert_layout!(module, Ratio { numerator, denominator, padding });
        assert_layout!(module, Reduction { count, slot, padding });
    }
}

#[test]
fn kernels_keep_the_limits_of_any_webgpu_device() {
    let limits = Limits::WEBGPU;
    for kernel in KERNELS {
        let module = module(kernel);
        let storage =
            module.global_variables.iter().filter(|(_, v)| matches!(v.space, AddressSpace::Storage { .. })).count();
        assert!(storage <= limits.storage_buffers as usize, "{}: {storage} storage buffers", kernel.name);
        let shared: u32 = module
            .global_variables
            .iter()
            .filter(|(_, v)| v.space == AddressSpace::WorkGroup)
            .map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()))
            .sum();
        assert!(shared <= limits.workgroup_bytes, "{}: {shared} bytes of workgroup memory", kernel.name);
        assert!(kernel.threads() <= limits.threads, "{}: {} threads", kernel.name, kernel.threads());
        for (size, most) in kernel.workgroup.into_iter().zip(limits.workgroup) {
            assert!(size <= most, "{}: workgroup {:?}", kernel.name, kernel.workgroup);
        }
    }
}

#[test]
fn a_reduction_has_a_power_of_two_threads() {
    // The tree of reduce.wgsl halves the number of threads and would lose a lane of an odd one.
    for kernel in KERNELS.iter().filter(|kernel| kernel.bindings.iter().any(|b| b.holds == Holds::Partials)) {
        assert!(kernel.threads().is_power_of_two(), "{}", kernel.name);
    }
}

#[test]
fn the_dispatch_fits_every_size_and_covers_every_voxel() {
    // In one dimension, 256 threads each, 256^3 needs one workgroup more than a device has to offer.
    assert_eq!(256u32.pow(3).div_ceil(256), Limits::WEBGPU.groups_per_dimension + 1);
    for kernel in KERNELS {
        for voxels in [[1, 1, 1], [31, 33, 1], [256; 3], [257; 3], [2048; 3], [65_535, 4, 3], [3, 4, 65_535]] {
            let groups = kernel.groups(voxels);
            for axis in 0..3 {
                assert!(groups[axis] >= 1 && groups[axis] <= Limits::WEBGPU.groups_per_dimension, "{}", kernel.name);
                if let Work::Voxels { per_thread } = kernel.work {
                    let covered = groups[axis] * kernel.workgroup[axis] * per_thread[axis];
                    let group = kernel.workgroup[axis] * per_thread[axis];
                    assert!(covered >= voxels[axis] && covered - voxels[axis] < group, "{} {voxels:?}", kernel.name);
                }
            }
        }
    }
}

#[test]
fn partial_sums_do_not_depend_on_the_slabs() {
    for kernel in KERNELS {
        let Work::Voxels { per_thread } = kernel.work else { continue };
        if kernel.bindings.iter().any(|b| b.holds == Holds::Partials) {
            assert_eq!(kernel.workgroup[2] * per_thread[2], 1, "{} sums over more than one plane", kernel.name);
            let whole = kernel.partials([70, 300, 12]);
            let cut: u64 = [5, 4, 3].into_iter().map(|planes| kernel.partials([70, 300, planes])).sum();
            assert_eq!(whole, cut, "{}", kernel.name);
        }
    }
}

#[test]
fn the_traffic_in_the_header_is_the_table_s() {
    let expected = [("apply", 9), ("dot_product", 8), ("energy", 5), ("sum", 0), ("update", 24), ("search", 12)];
    assert_eq!(KERNELS.iter().map(|k| (k.name, k.bytes_per_voxel())).collect::<Vec<_>>(), expected);
    for (kernel, (_, bytes)) in KERNELS.iter().zip(expected) {
        let text = source(kernel);
        let line = text.lines().find(|line| line.starts_with("// Traffic")).unwrap();
        assert!(bytes == 0 || line.contains(&format!("= {bytes}")), "{}: {line}", kernel.name);
    }
}
