//! What a type of resource must be able to do.

use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::Input;
use crate::admin::schema::Schema;
use serde_json::Value;

/// Whether an attribute is wanted that is not looked up for every answer.
pub(in crate::admin) type Wants<'w> = &'w (dyn Fn(&str) -> bool + Sync);

/// A type whose resources can be looked at.
pub(in crate::admin) trait Shown: Send + Sync + 'static {
    /// A resource as identity has it.
    type Item: Send + Sync;
    const SCHEMA: &'static Schema;

    /// The resource with this id.
    fn find(
        call: &Call,
        id: &str,
    ) -> impl Future<Output = Result<Option<Self::Item>, ScimError>> + Send;

    /// All of the resource, as it is told.
    fn told(
        call: &Call,
        item: &Self::Item,
        wants: Wants<'_>,
    ) -> impl Future<Output = Result<Value, ScimError>> + Send;

    /// All resources of the tenant, as they are told.
    fn all(
        call: &Call,
        wants: Wants<'_>,
    ) -> impl Future<Output = Result<Vec<Value>, ScimError>> + Send;
}

/// A type whose resources can be made and deleted.
pub(in crate::admin) trait Made: Shown {
    /// Makes a resource, and answers with what is told this once, if there is something.
    fn create(
        call: &Call,
        input: Input,
    ) -> impl Future<Output = Result<(Self::Item, Input), ScimError>> + Send;

    /// Deletes a resource.
    fn delete(call: &Call, item: &Self::Item)
    -> impl Future<Output = Result<(), ScimError>> + Send;
}

/// A type whose resources can be changed.
pub(in crate::admin) trait Changed: Made {
    /// Changes a resource to what is wanted.
    fn change(
        call: &Call,
        item: &Self::Item,
        input: Input,
    ) -> impl Future<Output = Result<Self::Item, ScimError>> + Send;
}
