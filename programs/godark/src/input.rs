//! Reads instruction data field by field, little endian, and refuses a rest.

use pinocchio::error::ProgramError;

/// What is left of the instruction data.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Take the next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> Result<&'a [u8; N], ProgramError> {
        let (head, rest) =
            self.0.split_first_chunk::<N>().ok_or(ProgramError::InvalidInstructionData)?;
        self.0 = rest;
        Ok(head)
    }

    /// Leave out the next `count` bytes.
    pub fn skip(&mut self, count: usize) -> Result<(), ProgramError> {
        self.0 = self.0.get(count..).ok_or(ProgramError::InvalidInstructionData)?;
        Ok(())
    }

    /// Take the next `count` bytes.
    pub fn slice(&mut self, count: usize) -> Result<&'a [u8], ProgramError> {
        let (head, rest) =
            self.0.split_at_checked(count).ok_or(ProgramError::InvalidInstructionData)?;
        self.0 = rest;
        Ok(head)
    }

    pub fn u8(&mut self) -> Result<u8, ProgramError> {
        Ok(self.bytes::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16, ProgramError> {
        Ok(u16::from_le_bytes(*self.bytes()?))
    }

    pub fn u32(&mut self) -> Result<u32, ProgramError> {
        Ok(u32::from_le_bytes(*self.bytes()?))
    }

    pub fn u64(&mut self) -> Result<u64, ProgramError> {
        Ok(u64::from_le_bytes(*self.bytes()?))
    }

    pub fn i64(&mut self) -> Result<i64, ProgramError> {
        Ok(i64::from_le_bytes(*self.bytes()?))
    }

    /// Take `count` hashes of 32 bytes, which must be the whole rest.
    pub fn hashes(&mut self, count: usize) -> Result<&'a [[u8; 32]], ProgramError> {
        let (hashes, rest) = self.0.as_chunks::<32>();
        if hashes.len() != count || !rest.is_empty() {
            return Err(ProgramError::InvalidInstructionData);
        }
        self.0 = rest;
        Ok(hashes)
    }

    /// Take `count` words of 8 bytes, which must be the whole rest.
    pub fn words(&mut self, count: usize) -> Result<&'a [[u8; 8]], ProgramError> {
        let (words, rest) = self.0.as_chunks::<8>();
        if words.len() != count || !rest.is_empty() {
            return Err(ProgramError::InvalidInstructionData);
        }
        self.0 = rest;
        Ok(words)
    }

    /// Refuse what is left over.
    pub fn end(self) -> Result<(), ProgramError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ProgramError::InvalidInstructionData)
        }
    }
}
