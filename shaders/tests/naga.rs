//! What can be known of the kernels without a GPU: they compile for any WebGPU device, and say what the host believes.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the test functions")]

use std::collections::BTreeSet;
use std::mem::{offset_of, size_of};

use foamflux_shaders::layout::{Combine, Grid, Rows, Sums, Tail, TailLevel, TailStep};
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
            let list = |scalar| is_list_of(&module, &declared.inner, scalar);
            match binding.holds {
                Holds::Struct(name) => assert_eq!(declared.name.as_deref(), Some(name), "{place}"),
                Holds::Connectivity | Holds::Links | Holds::Index | Holds::Fewer => {
                    assert!(list(Scalar::U32), "{place}");
                }
                Holds::Field | Holds::Conductances | Holds::FewerReal => assert!(list(Scalar::F32), "{place}"),
                Holds::Pairs => assert!(!list(Scalar::U32) && !list(Scalar::F32), "{place}"),
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
            Grid {
                used,
                stride,
                plane,
                half,
                ny,
                nz,
                colour,
                flags,
                conductance_x,
                conductance_y,
                conductance_z,
                axis,
                partials,
                partials_stride,
                slot,
                blocks_x,
                blocks_y,
                blocks_z,
                padding,
            }
        );
        assert_layout!(module, Rows { start, end, rows, flags, partials, partials_stride, padding });
        assert_layout!(module, Combine { count, factor, added, sign });
        assert_layout!(module, Tail { rows, result, count, padding, levels, steps });
        assert_layout!(
            module,
            TailLevel { rows, to, conductance, more, ground, inverse, parent, first, children, matrix, padding }
        );
        assert_layout!(
            module,
            TailStep { kind, level, start, end, flags, slot, from_field, to_field, other_field, padding_1, padding_2 }
        );
        assert_layout!(module, Sums { first, count, slot, operands, operand, then, result, padding });
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
        let shared = workgroup_memory(kernel);
        assert!(shared <= limits.workgroup_bytes, "{}: {shared} bytes of workgroup memory", kernel.name);
        assert!(kernel.threads() <= limits.threads, "{}: {} threads", kernel.name, kernel.threads());
        for (size, most) in kernel.workgroup.into_iter().zip(limits.workgroup) {
            assert!(size <= most, "{}: workgroup {:?}", kernel.name, kernel.workgroup);
        }
    }
}

/// Bytes of workgroup memory that a kernel declares.
fn workgroup_memory(kernel: &Kernel) -> u32 {
    let module = module(kernel);
    let variables = module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::WorkGroup);
    variables.map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx())).sum()
}

#[test]
fn one_workgroup_is_as_wide_as_the_device_has_it_and_no_wider() {
    let wide = Limits { threads: 1024, workgroup: [1024, 1024, 64], workgroup_bytes: 49_152, ..Limits::WEBGPU };
    let tail = KERNELS.iter().find(|kernel| kernel.work == Work::OneGroup).unwrap();
    let cases = [
        (1024, wide),
        (512, Limits { threads: 768, ..wide }),
        (256, Limits { workgroup: [256, 1024, 64], ..wide }),
        // 16 bytes by thread and the slots: 16 KiB have no room for 1024.
        (512, Limits { workgroup_bytes: 16_384, ..wide }),
        (256, Limits::WEBGPU),
        // Never narrower than the table says, which every device can do.
        (256, Limits { threads: 64, ..wide }),
    ];
    for (threads, limits) in cases {
        let widened = tail.widened(&limits);
        assert_eq!(widened.threads(), threads, "{limits:?}");
        let entry = &module(&widened).entry_points[0];
        assert_eq!(entry.workgroup_size, [threads, 1, 1]);
        assert!(workgroup_memory(&widened) <= limits.workgroup_bytes, "{} bytes", workgroup_memory(&widened));
    }
    for kernel in KERNELS.iter().filter(|kernel| kernel.work != Work::OneGroup) {
        assert_eq!(kernel.widened(&wide).workgroup, kernel.workgroup, "{}", kernel.name);
    }
}

#[test]
fn a_uniform_fits_wherever_there_are_uniforms() {
    /// Bytes that every device binds; WebGPU itself promises four times as many.
    const GLES: usize = 16 << 10;
    for kernel in KERNELS {
        assert!((16..=GLES).contains(&kernel.uniform_bytes()), "{}: {}", kernel.name, kernel.uniform_bytes());
    }
}

/// Whether a kernel leaves or takes partial sums.
fn sums(kernel: &Kernel) -> bool {
    kernel.bindings.iter().any(|b| b.name == "partials")
}

#[test]
fn a_reduction_has_a_power_of_two_threads() {
    // The tree of reduce.wgsl halves the number of threads and would lose a lane of an odd one.
    for kernel in KERNELS.iter().filter(|kernel| sums(kernel) || matches!(kernel.name, "direct" | "tail")) {
        assert!(kernel.threads().is_power_of_two(), "{}", kernel.name);
    }
}

#[test]
fn the_dispatch_fits_every_size_and_covers_every_item() {
    // In one dimension, 256 threads each, 256^3 needs one workgroup more than a device has to offer.
    assert_eq!(256u32.pow(3).div_ceil(256), Limits::WEBGPU.groups_per_dimension + 1);
    for kernel in KERNELS {
        for extent in [[1, 1, 1], [31, 33, 1], [128, 256, 256], [129, 257, 257], [1024, 2048, 2048], [3, 4, 65_535]] {
            let rows = [extent.into_iter().map(u64::from).product::<u64>().min(1 << 29) as u32, 1, 1];
            let extent = if matches!(kernel.work, Work::Rows { .. }) { rows } else { extent };
            let groups = kernel.groups(extent);
            assert!(groups.iter().all(|&n| (1..=Limits::WEBGPU.groups_per_dimension).contains(&n)), "{}", kernel.name);
            let covered = match kernel.work {
                Work::Cells { per_thread } => [1, per_thread, 1],
                Work::Blocks => [1; 3],
                Work::Rows { per_thread } => {
                    let all = u64::from(kernel.partials(extent)) * u64::from(kernel.threads() * per_thread);
                    assert!(all >= u64::from(extent[0]), "{} {extent:?}", kernel.name);
                    continue;
                }
                Work::GroupPerRow | Work::OneGroup => continue,
            };
            for axis in 0..3 {
                let group = kernel.workgroup[axis] * covered[axis];
                assert!(groups[axis] * group >= extent[axis] && (groups[axis] - 1) * group < extent[axis]);
            }
        }
    }
}

#[test]
fn partial_sums_do_not_depend_on_the_slabs() {
    for kernel in KERNELS {
        let Work::Cells { .. } = kernel.work else { continue };
        if sums(kernel) {
            assert_eq!(kernel.workgroup[2], 1, "{} sums over more than one plane", kernel.name);
            let whole = kernel.partials([70, 300, 12]);
            let cut: u32 = [6, 4, 2].into_iter().map(|planes| kernel.partials([70, 300, planes])).sum();
            assert_eq!(whole, cut, "{}", kernel.name);
        }
    }
}

#[test]
fn the_traffic_in_the_header_is_the_table_s() {
    let expected = [
        ("grid_apply", 5),
        ("grid_update", 25),
        ("grid_relax", 17),
        ("grid_restrict", 5),
        ("grid_prolong", 9),
        ("grid_residual", 13),
        ("list_relax", 68),
        ("list_apply", 64),
        ("list_residual", 68),
        ("list_restrict", 56),
        ("list_prolong", 12),
        ("direct", 0),
        ("combine", 12),
        ("sum", 0),
        ("tail", 0),
    ];
    assert_eq!(KERNELS.iter().map(|k| (k.name, k.bytes_per_item())).collect::<Vec<_>>(), expected);
    for (kernel, (_, bytes)) in KERNELS.iter().zip(expected) {
        let text = source(kernel);
        let header = text.lines().skip_while(|line| !line.starts_with("// Traffic"));
        let header: String = header.take_while(|line| line.starts_with("//")).collect();
        assert!(
            !header.is_empty() && (bytes == 0 || header.contains(&format!("= {bytes}"))),
            "{}: {header}",
            kernel.name
        );
    }
}
