//! Definition versions, compiled once and shared by all their runs.

use crate::definitions;
use dayend_engine::codes::{Code, Scope};
use dayend_engine::definition::{Batch, ConnectionTarget, Definition, Group, Kind};
use dayend_engine::plan::Plan;
use dayend_store::port::{DefinitionRow, Store, StoreError, VersionKey};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One version of a batch or group with its plan.
#[derive(Debug)]
pub struct Compiled {
    pub key: VersionKey,
    pub version: i64,
    pub plan: Plan,
    pub source: Source,
}

/// What was compiled.
#[derive(Debug)]
pub enum Source {
    Batch(Arc<Batch>),
    Group(Group),
}

impl Compiled {
    /// Compiles a stored version; a stored version that does not compile breaks our own rules.
    pub fn of(row: &DefinitionRow, parts: &[Box<[u8]>]) -> Result<Self, StoreError> {
        let broken = |why: String| {
            StoreError::Inconsistent(format!("version {} of `{}`: {why}", row.version, row.code))
        };
        let definition = definitions::unpack(&row.digest, parts).map_err(broken)?;
        let (plan, source) = match definition {
            Definition::Batch(batch) => (Plan::of_batch(&batch), Source::Batch(Arc::new(batch))),
            Definition::BatchGroup(group) => (Plan::of_group(&group), Source::Group(group)),
            Definition::Connection(_) => return Err(broken("a connection cannot run".to_owned())),
        };
        let plan = plan.map_err(|defect| broken(defect.to_string()))?;
        Ok(Self { key: row.key, version: row.version, plan, source })
    }

    /// The code of a task or member.
    pub fn code_of(&self, node: u32) -> &Code {
        let at = node as usize;
        let code = match &self.source {
            Source::Batch(batch) => batch.tasks.get(at).map(|task| &task.code),
            Source::Group(group) => group.members.get(at).map(|member| &member.batch),
        };
        code.expect("a node of the plan is a node of its definition")
    }

    /// The node with this code.
    pub fn find(&self, code: &str) -> Option<u32> {
        self.plan.find(code, |node| self.code_of(node).as_str())
    }
}

/// The most compiled versions that are kept without a run that uses them.
const IDLE_VERSIONS_MAX: usize = 256;

/// Finds definitions; keeps what it compiled.
pub struct Catalogue {
    store: Arc<dyn Store>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Grows with each apply: what was read before it is not kept.
    applies: u64,
    /// By scope, kind and code.
    newest: BTreeMap<Scope, BTreeMap<Kind, BTreeMap<Code, Arc<Compiled>>>>,
    versions: BTreeMap<VersionKey, Arc<Compiled>>,
    connections: BTreeMap<(Scope, Code), Arc<ConnectionTarget>>,
}

impl Known {
    /// The newest version, or after how many applies it was not known.
    fn newest(&self, scope: &Scope, kind: Kind, code: &Code) -> Result<Arc<Compiled>, u64> {
        let codes = self.newest.get(scope).and_then(|kinds| kinds.get(&kind));
        codes.and_then(|codes| codes.get(code)).cloned().ok_or(self.applies)
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

impl Catalogue {
    /// An empty catalogue over `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// The newest version of a batch or group.
    pub async fn newest(
        &self,
        scope: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<Arc<Compiled>>, StoreError> {
        let applies = match self.known(|known| known.newest(scope, kind, code)) {
            Ok(found) => return Ok(Some(found)),
            Err(applies) => applies,
        };
        let Some(row) = self.store.definition(scope, kind, code).await? else { return Ok(None) };
        let compiled = self.compile(row).await?;
        self.known(|known| {
            if known.applies == applies {
                let kinds = known.newest.entry(scope.clone()).or_default();
                let codes = kinds.entry(kind).or_default();
                codes.insert(code.clone(), Arc::clone(&compiled));
            }
        });
        Ok(Some(compiled))
    }

    /// The version that a run is pinned to.
    pub async fn version(&self, key: VersionKey) -> Result<Arc<Compiled>, StoreError> {
        if let Some(found) = self.known(|known| known.versions.get(&key).cloned()) {
            return Ok(found);
        }
        let missing = || {
            StoreError::Inconsistent(format!("definition version {} of a run is missing", key.0))
        };
        let row = self.store.definition_version(key).await?.ok_or_else(missing)?;
        self.compile(row).await
    }

    /// The newest version of a connection, or a sentence that says why there is none.
    pub async fn connection(
        &self,
        scope: &Scope,
        code: &Code,
    ) -> Result<Result<Arc<ConnectionTarget>, String>, StoreError> {
        let id = (scope.clone(), code.clone());
        let (found, applies) =
            self.known(|known| (known.connections.get(&id).cloned(), known.applies));
        if let Some(found) = found {
            return Ok(Ok(found));
        }
        let Some(row) = self.store.definition(scope, Kind::Connection, code).await? else {
            return Ok(Err(format!("connection `{code}` does not exist")));
        };
        let parts = self.store.definition_parts(row.key).await?;
        let connection = match definitions::unpack(&row.digest, &parts) {
            Ok(Definition::Connection(connection)) => connection,
            Ok(Definition::Batch(_) | Definition::BatchGroup(_)) => {
                return Ok(Err(format!("`{code}` is not a connection")));
            }
            Err(why) => return Ok(Err(why)),
        };
        let target = Arc::new(connection.target);
        self.known(|known| {
            if known.applies == applies {
                known.connections.insert(id, Arc::clone(&target));
            }
        });
        Ok(Ok(target))
    }

    /// Definitions were applied: what is newest must be looked up again.
    pub fn forget_newest(&self) {
        self.known(|known| {
            known.applies += 1;
            known.newest.clear();
            known.connections.clear();
        });
    }

    async fn compile(&self, row: DefinitionRow) -> Result<Arc<Compiled>, StoreError> {
        let key = row.key;
        if let Some(found) = self.known(|known| known.versions.get(&key).cloned()) {
            return Ok(found);
        }
        let parts = self.store.definition_parts(key).await?;
        // A large definition takes seconds to compile: not on a thread that others wait for.
        let compiled = tokio::task::spawn_blocking(move || Compiled::of(&row, &parts)).await;
        let compiled = compiled.map_err(|error| {
            StoreError::Inconsistent(format!("cannot compile a definition: {error}"))
        })?;
        let compiled = Arc::new(compiled?);
        self.known(|known| {
            if known.versions.len() >= IDLE_VERSIONS_MAX {
                known.versions.retain(|_, version| Arc::strong_count(version) > 1);
            }
            known.versions.insert(key, Arc::clone(&compiled));
        });
        Ok(compiled)
    }

    fn known<T>(&self, use_it: impl FnOnce(&mut Known) -> T) -> T {
        use_it(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
