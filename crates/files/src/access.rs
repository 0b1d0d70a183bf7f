//! What a link allows.

/// What a link is good for; the names are those of OCI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ObjectRead,
    ObjectWrite,
    ObjectReadWrite,
    AnyObjectRead,
    AnyObjectWrite,
    AnyObjectReadWrite,
}

/// What somebody does with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Read,
    Write,
    List,
}

impl Access {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ObjectRead,
        Self::ObjectWrite,
        Self::ObjectReadWrite,
        Self::AnyObjectRead,
        Self::AnyObjectWrite,
        Self::AnyObjectReadWrite,
    ];

    /// The name in OCI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ObjectRead => "ObjectRead",
            Self::ObjectWrite => "ObjectWrite",
            Self::ObjectReadWrite => "ObjectReadWrite",
            Self::AnyObjectRead => "AnyObjectRead",
            Self::AnyObjectWrite => "AnyObjectWrite",
            Self::AnyObjectReadWrite => "AnyObjectReadWrite",
        }
    }

    /// The access with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|access| access.as_str() == name)
    }

    /// Whether files can be read.
    pub fn reads(self) -> bool {
        match self {
            Self::ObjectRead
            | Self::ObjectReadWrite
            | Self::AnyObjectRead
            | Self::AnyObjectReadWrite => true,
            Self::ObjectWrite | Self::AnyObjectWrite => false,
        }
    }

    /// Whether files can be written.
    pub fn writes(self) -> bool {
        match self {
            Self::ObjectWrite
            | Self::ObjectReadWrite
            | Self::AnyObjectWrite
            | Self::AnyObjectReadWrite => true,
            Self::ObjectRead | Self::AnyObjectRead => false,
        }
    }

    /// Whether it is good for all names with a prefix, instead of one.
    pub fn is_for_any(self) -> bool {
        match self {
            Self::AnyObjectRead | Self::AnyObjectWrite | Self::AnyObjectReadWrite => true,
            Self::ObjectRead | Self::ObjectWrite | Self::ObjectReadWrite => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_allowed() {
        for access in Access::ALL {
            let name = access.as_str();
            assert_eq!(Access::from_name(name), Some(access));
            assert_eq!(access.reads(), name.contains("Read"), "{name}");
            assert_eq!(access.writes(), name.contains("Write"), "{name}");
            assert_eq!(access.is_for_any(), name.starts_with("Any"), "{name}");
        }
        assert_eq!(Access::from_name("objectread"), None);
    }
}
