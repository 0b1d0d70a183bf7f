//! What an attribute of a resource is, in the words of RFC 7643 section 7.

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Kind {
    Text,
    Flag,
    Number,
    Time,
    Complex,
}

/// Who sets it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Mutability {
    ReadOnly,
    ReadWrite,
    /// Only when the resource is made.
    Immutable,
    WriteOnly,
}

/// When it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Returned {
    Always,
    Default,
    /// Only if it is asked for by name.
    Request,
    Never,
}

/// An attribute, or a part of one.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a characteristic of RFC 7643 section 7")]
pub(in crate::admin) struct Attribute {
    pub(in crate::admin) name: &'static str,
    pub(in crate::admin) kind: Kind,
    pub(in crate::admin) many: bool,
    pub(in crate::admin) mutability: Mutability,
    pub(in crate::admin) returned: Returned,
    /// Upper and lower case are different.
    pub(in crate::admin) exact: bool,
    pub(in crate::admin) required: bool,
    pub(in crate::admin) unique: bool,
    pub(in crate::admin) parts: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, parts: &'static [Attribute]) -> Self {
        Self {
            name,
            kind,
            many: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            exact: false,
            required: false,
            unique: false,
            parts,
        }
    }

    /// A text.
    pub(super) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text, &[])
    }

    /// True or false.
    pub(super) const fn flag(name: &'static str) -> Self {
        Self::new(name, Kind::Flag, &[])
    }

    /// A whole number.
    pub(super) const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number, &[])
    }

    /// An instant.
    pub(super) const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time, &[])
    }

    /// An object.
    pub(super) const fn complex(name: &'static str, parts: &'static [Attribute]) -> Self {
        Self::new(name, Kind::Complex, parts)
    }

    /// Any number of them.
    pub(super) const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// Only the server sets it.
    pub(super) const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// It stays as it was made.
    pub(super) const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    /// It is never told.
    pub(super) const fn write_only(self) -> Self {
        Self { mutability: Mutability::WriteOnly, returned: Returned::Never, ..self }
    }

    /// It is told whatever is asked for.
    pub(super) const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    /// It is told only if it is asked for.
    pub(super) const fn on_request(self) -> Self {
        Self { returned: Returned::Request, ..self }
    }

    /// Upper and lower case are different.
    pub(super) const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// There is no resource without it.
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// No two resources have the same.
    pub(super) const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// Whether a request can set it at all.
    pub(in crate::admin) fn is_writable(&self) -> bool {
        self.mutability != Mutability::ReadOnly
    }
}
