//! What is to be done on the device, in order: dispatches and copies, handed over in few and short submissions.
//!
//! The levels below the finest are a [`Program`], recorded once per solve; what depends on an iteration's scalars is
//! recorded as it comes, with its uniforms in a small buffer that every submission writes anew.

use std::cell::RefCell;
use std::collections::BTreeMap;

use foamflux_shaders::layout::{ONE, Sums};
use foamflux_shaders::{Kernel, SUM};

use crate::context::{Buffer, CALL, Context};
use crate::error::Fault;

/// Commands after which they are handed over: the device starts early while the host goes on recording, and no submission
/// comes near the two seconds that a desktop's watchdog allows.
const HAND_OVER: usize = 96;
/// Calls with uniforms of their own in one submission.
const CALLS: usize = 512;
/// Slots for scalars.
pub(crate) const SLOTS: u32 = 2048;

/// One command.
#[derive(Clone)]
enum Command {
    Dispatch { kernel: usize, group: wgpu::BindGroup, call: u32, groups: [u32; 3] },
    Copy { from: Buffer, from_byte: u64, to: Buffer, to_byte: u64, bytes: u64 },
}

/// A dispatch with its uniforms.
pub(crate) struct Call<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) uniforms: &'a [u8],
    pub(crate) buffers: &'a [&'a Buffer],
    pub(crate) groups: [u32; 3],
}

/// Takes calls.
pub(crate) trait Take {
    /// Appends a dispatch.
    fn call(&mut self, call: &Call<'_>);
}

/// Commands that are recorded once and done often.
#[derive(Default)]
pub(crate) struct Program {
    commands: Vec<Command>,
}

#[cfg(feature = "kernel-suite")]
impl Program {
    /// Number of commands.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }
}

/// Records a program.
pub(crate) struct Writer<'c> {
    context: &'c Context,
    uniforms: Vec<u8>,
    calls: Vec<Noted>,
}

/// A call whose uniforms lie at a place.
struct Noted {
    kernel: usize,
    at: u32,
    buffers: Vec<Buffer>,
    groups: [u32; 3],
}

impl<'c> Writer<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Writer { context, uniforms: Vec::new(), calls: Vec::new() }
    }

    pub(crate) fn finish(self) -> Program {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniforms = self.context.buffer(self.uniforms.len().max(CALL) as u64, usage);
        if !self.uniforms.is_empty() {
            self.context.put(&uniforms, 0, &self.uniforms);
        }
        let mut groups = BTreeMap::new();
        let commands = self
            .calls
            .into_iter()
            .map(|Noted { kernel, at, buffers, groups: count }| {
                let key: Vec<u64> = std::iter::once(kernel as u64).chain(buffers.iter().map(|b| b.id)).collect();
                let group = groups
                    .entry(key)
                    .or_insert_with(|| self.context.bind(kernel, &uniforms, &buffers.iter().collect::<Vec<_>>()))
                    .clone();
                Command::Dispatch { kernel, group, call: at, groups: count }
            })
            .collect();
        Program { commands }
    }
}

impl Take for Writer<'_> {
    fn call(&mut self, call: &Call<'_>) {
        let at = push(&mut self.uniforms, call.uniforms) as u32;
        let buffers = call.buffers.iter().map(|&b| b.clone()).collect();
        self.calls.push(Noted { kernel: Context::number(call.kernel), at, buffers, groups: call.groups });
    }
}

/// Appends the uniforms of a call, and says where they begin.
fn push(to: &mut Vec<u8>, uniforms: &[u8]) -> usize {
    let at = to.len();
    to.extend_from_slice(uniforms);
    to.resize(at + uniforms.len().next_multiple_of(CALL), 0);
    at
}

/// Records and hands over.
pub(crate) struct Recorder<'c> {
    pub(crate) context: &'c Context,
    pub(crate) scalars: Buffer,
    pub(crate) partials: Buffer,
    uniforms: Buffer,
    staging: Buffer,
    state: RefCell<State>,
}

struct State {
    /// Dispatches handed over so far.
    dispatches: u64,
    commands: Vec<Command>,
    calls: Vec<u8>,
    groups: BTreeMap<Vec<u64>, wgpu::BindGroup>,
    /// The place among the calls of the sum recorded last, if it was the last command and has no formula.
    open_sum: Option<usize>,
    /// First slot of the ring, and the next one to give.
    ring: u32,
    next: u32,
}

impl<'c> Recorder<'c> {
    /// With room for `partials` partial sums; slots from `ring` on are given out in turn.
    pub(crate) fn new(context: &'c Context, partials: u64, ring: u32) -> Self {
        let scalars = context.zeros(4 * u64::from(SLOTS));
        context.queue.write_buffer(&scalars.raw, 4 * u64::from(ONE), bytemuck::bytes_of(&1f32));
        Recorder {
            context,
            scalars,
            partials: context.zeros(4 * partials),
            uniforms: context.buffer((CALLS * CALL) as u64, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST),
            staging: context.buffer(4 * u64::from(SLOTS), wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
            state: RefCell::new(State {
                dispatches: 0,
                commands: Vec::new(),
                calls: Vec::new(),
                groups: BTreeMap::new(),
                open_sum: None,
                ring,
                next: ring,
            }),
        }
    }

    /// The next slot of the ring. A scalar lives for some hundred others, which is longer than the loop needs any.
    pub(crate) fn slot(&self) -> u32 {
        let mut state = self.state.borrow_mut();
        let slot = state.next;
        state.next = if slot + 1 < SLOTS { slot + 1 } else { state.ring };
        slot
    }

    pub(crate) fn call(&self, call: &Call<'_>) {
        if self.state.borrow().calls.len() >= CALLS * CALL {
            self.hand_over();
        }
        let kernel = Context::number(call.kernel);
        let key: Vec<u64> = std::iter::once(kernel as u64).chain(call.buffers.iter().map(|b| b.id)).collect();
        let state = &mut *self.state.borrow_mut();
        let at = push(&mut state.calls, call.uniforms);
        let group =
            state.groups.entry(key).or_insert_with(|| self.context.bind(kernel, &self.uniforms, call.buffers)).clone();
        state.commands.push(Command::Dispatch { kernel, group, call: at as u32, groups: call.groups });
        state.open_sum = None;
    }

    /// Adds up partial sums.
    pub(crate) fn sum(&self, sums: &Sums) {
        self.call(&Call {
            kernel: &SUM,
            uniforms: bytemuck::bytes_of(sums),
            buffers: &[&self.partials, &self.scalars],
            groups: [1, 1, 1],
        });
        let mut state = self.state.borrow_mut();
        if sums.then == foamflux_shaders::layout::NOTHING {
            state.open_sum = state.calls.len().checked_sub(CALL);
        }
    }

    /// Takes a formula of slots, in the dispatch of the last sum where that is possible.
    pub(crate) fn formula(&self, then: u32, operands: [u32; 2]) -> u32 {
        let result = self.slot();
        let operands = [operands[0], operands[1], 0, 0];
        let mut state = self.state.borrow_mut();
        if let Some(at) = state.open_sum.take() {
            let size = size_of::<Sums>();
            let mut sums: Sums = bytemuck::pod_read_unaligned(&state.calls[at..at + size]);
            (sums.then, sums.operands, sums.result) = (then, operands, result);
            state.calls[at..at + size].copy_from_slice(bytemuck::bytes_of(&sums));
            return result;
        }
        drop(state);
        self.sum(&Sums { then, operands, result, ..Sums::default() });
        result
    }

    pub(crate) fn copy(&self, from: (&Buffer, u64), to: (&Buffer, u64), bytes: u64) {
        let mut state = self.state.borrow_mut();
        state.open_sum = None;
        state.commands.push(Command::Copy {
            from: from.0.clone(),
            from_byte: from.1,
            to: to.0.clone(),
            to_byte: to.1,
            bytes,
        });
    }

    /// Forgets which buffers were bound together, so that those nobody else holds are freed.
    pub(crate) fn forget(&self) {
        self.hand_over();
        self.state.borrow_mut().groups.clear();
    }

    /// Dispatches handed over so far.
    pub(crate) fn dispatches(&self) -> u64 {
        self.state.borrow().dispatches
    }

    /// Does a program.
    pub(crate) fn run(&self, program: &Program) {
        for part in program.commands.chunks(HAND_OVER) {
            let mut state = self.state.borrow_mut();
            state.open_sum = None;
            state.commands.extend_from_slice(part);
            drop(state);
            self.hand_over();
        }
    }

    /// Submits what was recorded.
    pub(crate) fn hand_over(&self) {
        self.submit(None);
    }

    /// The same, timed by two queries of a set.
    pub(crate) fn submit(&self, timed: Option<&wgpu::QuerySet>) {
        let mut state = self.state.borrow_mut();
        state.open_sum = None;
        let (commands, calls) = (std::mem::take(&mut state.commands), std::mem::take(&mut state.calls));
        state.dispatches += commands.iter().filter(|c| matches!(c, Command::Dispatch { .. })).count() as u64;
        drop(state);
        if self.context.fault().is_some() || commands.is_empty() {
            return;
        }
        let Context { device, queue, .. } = self.context;
        if !calls.is_empty() {
            self.context.put(&self.uniforms, 0, &calls);
        }
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut at = 0;
        while at < commands.len() {
            if let Command::Copy { from, from_byte, to, to_byte, bytes } = &commands[at] {
                encoder.copy_buffer_to_buffer(&from.raw, *from_byte, &to.raw, *to_byte, *bytes);
                at += 1;
                continue;
            }
            let timestamp_writes = timed.map(|query_set| wgpu::ComputePassTimestampWrites {
                query_set,
                beginning_of_pass_write_index: Some(0),
                end_of_pass_write_index: Some(1),
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
            while let Some(Command::Dispatch { kernel, group, call, groups }) = commands.get(at) {
                pass.set_pipeline(self.context.pipeline(*kernel));
                pass.set_bind_group(0, group, &[*call]);
                pass.dispatch_workgroups(groups[0], groups[1], groups[2]);
                at += 1;
            }
        }
        queue.submit([encoder.finish()]);
    }

    /// Waits for the device and reads slots; not a number after a fault.
    pub(crate) fn read(&self, slots: &[u32]) -> Vec<f32> {
        self.copy((&self.scalars, 0), (&self.staging, 0), 4 * u64::from(SLOTS));
        self.hand_over();
        let mut out = vec![f32::NAN; slots.len()];
        let bytes = 4 * u64::from(SLOTS);
        let outcome = match self.context.fault() {
            Some(fault) => Err(fault),
            None => self.context.mapped(&self.staging, bytes, |bytes| {
                let all: &[f32] = bytemuck::cast_slice(bytes);
                for (out, &slot) in out.iter_mut().zip(slots) {
                    *out = all[slot as usize];
                }
            }),
        };
        if let Err(fault) = outcome {
            self.fail(fault);
        }
        out
    }

    fn fail(&self, fault: Fault) {
        self.context.fail(fault);
    }
}
