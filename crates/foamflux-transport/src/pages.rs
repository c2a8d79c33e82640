//! Large arrays that start at zero, in huge pages where the system has them.
//!
//! A solve touches some 30 bytes per voxel once before it iterates. In pages of 4 KiB that is a fault per thousand
//! numbers, and two where a page is read before it is written (first the system's page of zeros, then a copy, of which
//! every other core has to be told): at 256^3 a third of the whole solve went there.

use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

/// Arrays below this size are not worth a map of their own, in bytes.
const MAP_FROM: usize = 4 << 20;

/// An array of a fixed length.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    len: usize,
    memory: Memory<T>,
}

#[derive(Debug)]
enum Memory<T> {
    Heap(Vec<T>),
    Map(MmapMut),
}

impl<T: Pod> Pages<T> {
    /// Zeros.
    pub(crate) fn zeroed(len: usize) -> Self {
        let bytes = len * size_of::<T>();
        if bytes >= MAP_FROM
            && let Ok(map) = MmapMut::map_anon(bytes)
        {
            // Advice: without it the array only costs more to touch.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            return Pages { len, memory: Memory::Map(map) };
        }
        Pages { len, memory: Memory::Heap(vec![T::zeroed(); len]) }
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.len * size_of::<T>()) as u64
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { len: 0, memory: Memory::Heap(Vec::new()) }
    }
}

impl<T> From<Vec<T>> for Pages<T> {
    fn from(values: Vec<T>) -> Self {
        Pages { len: values.len(), memory: Memory::Heap(values) }
    }
}

impl<T: Pod> Deref for Pages<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.memory {
            Memory::Heap(values) => values,
            // A map is aligned to a page and its length a multiple of the element's.
            Memory::Map(map) => bytemuck::cast_slice(map),
        }
    }
}

impl<T: Pod> DerefMut for Pages<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.memory {
            Memory::Heap(values) => values,
            Memory::Map(map) => bytemuck::cast_slice_mut(map),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_arrays_are_zero_and_keep_what_is_written() {
        for len in [0, 1, 1000, MAP_FROM / 4 - 1, MAP_FROM / 4, MAP_FROM / 4 + 1] {
            let mut pages = Pages::<u32>::zeroed(len);
            assert_eq!(pages.len(), len);
            assert_eq!(pages.bytes(), 4 * len as u64);
            assert!(pages.iter().all(|&v| v == 0));
            pages.iter_mut().enumerate().for_each(|(i, v)| *v = i as u32);
            assert!(pages.iter().enumerate().all(|(i, &v)| v == i as u32));
        }
    }

    #[test]
    fn elements_that_do_not_divide_a_page_fit() {
        let len = MAP_FROM / 12 + 7;
        let mut pages = Pages::<[u32; 3]>::zeroed(len);
        pages[len - 1] = [1, 2, 3];
        assert_eq!((pages.len(), pages[len - 1], pages[len - 2]), (len, [1, 2, 3], [0; 3]));
    }
}
