//! Numbers into bytes and back, little endian, to the last bit.

/// Writes.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u32(&mut self, v: u32) {
        self.0.extend(v.to_le_bytes());
    }

    pub(super) fn u64(&mut self, v: u64) {
        self.0.extend(v.to_le_bytes());
    }

    pub(super) fn f64(&mut self, v: f64) {
        self.0.extend(v.to_le_bytes());
    }

    pub(super) fn flag(&mut self, v: bool) {
        self.0.push(u8::from(v));
    }

    pub(super) fn text(&mut self, v: &str) {
        self.u64(v.len() as u64);
        self.0.extend(v.as_bytes());
    }

    pub(super) fn u8s(&mut self, v: &[u8]) {
        self.u64(v.len() as u64);
        self.0.extend(v);
    }

    pub(super) fn f32s(&mut self, v: &[f32]) {
        self.u64(v.len() as u64);
        self.0.extend(v.iter().flat_map(|x| x.to_le_bytes()));
    }

    pub(super) fn f64s(&mut self, v: &[f64]) {
        self.u64(v.len() as u64);
        self.0.extend(v.iter().flat_map(|x| x.to_le_bytes()));
    }
}

/// Reads; `None` where the bytes end too early.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn block(&mut self, width: usize) -> Option<&[u8]> {
        let bytes = usize::try_from(self.u64()?).ok()?.checked_mul(width)?;
        let (head, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.take::<1>()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.block(1)?.to_vec()).ok()
    }

    pub(super) fn u8s(&mut self) -> Option<Vec<u8>> {
        self.block(1).map(<[u8]>::to_vec)
    }

    pub(super) fn f32s(&mut self) -> Option<Vec<f32>> {
        let block = self.block(4)?;
        Some(block.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    pub(super) fn f64s(&mut self) -> Option<Vec<f64>> {
        let block = self.block(8)?;
        Some(block.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }
}
