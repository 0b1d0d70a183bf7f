//! How long the queue before the conductor may be.

/// How much may wait for the conductor, in places: an ordinary request takes one, a large one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Of all tenants together.
    pub total: usize,
    /// Of one tenant.
    pub per_tenant: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { total: 16_384, per_tenant: 8192 }
    }
}
