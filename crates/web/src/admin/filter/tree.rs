//! What a filter asks.

use crate::admin::schema::Path;

/// A condition on a resource (or on one value of it).
#[derive(Clone, Debug)]
pub(in crate::admin) enum Filter {
    Compare {
        path: Path,
        by: Comparison,
        with: Literal,
    },
    Present(Path),
    Not(Box<Filter>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
    /// One value of the attribute fulfils the inner condition.
    Within {
        path: Path,
        inner: Box<Filter>,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Comparison {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::admin) enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
    Nothing,
}

impl Filter {
    /// Tells of each attribute (on the outside) that the filter looks at.
    pub(in crate::admin) fn names(&self, tell: &mut impl FnMut(&'static str)) {
        match self {
            Self::Compare { path, .. } | Self::Present(path) | Self::Within { path, .. } => {
                if let Some(top) = path.top() {
                    tell(top.name);
                }
            }
            Self::Not(inner) => inner.names(tell),
            Self::All(inner) | Self::Any(inner) => {
                for one in inner {
                    one.names(tell);
                }
            }
        }
    }
}
