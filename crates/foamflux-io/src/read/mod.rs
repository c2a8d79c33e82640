//! Reading stacks.
