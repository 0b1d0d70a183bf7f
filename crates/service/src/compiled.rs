//! Definition versions, compiled once and shared by all their runs.

use crate::definitions;
use dayend_engine::codes::{Code, Scope};
use dayend_engine::definition::{Batch, ConnectionTarget, Definition, Group, Kind, Member};
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
    pub fn code_of(&self, node: u32) -> &str {
        let code = match &self.source {
            Source::Batch(batch) => batch.tasks.code(node),
            Source::Group(group) => {
                group.members.get(node as usize).map(|member| member.batch.as_str())
            }
        };
        code.expect("a node of the plan is a node of its definition")
    }

    /// The memory that it takes, more or less.
    fn size_bytes(&self) -> usize {
        let source = match &self.source {
            Source::Batch(batch) => batch.tasks.size_bytes(),
            Source::Group(group) => {
                let edges = group.members.iter().map(|member| member.after.len()).sum::<usize>();
                (group.members.len() + edges) * size_of::<Member>()
            }
        };
        VERSION_BYTES + source + self.plan.size_bytes()
    }

    /// The node with this code.
    pub fn find(&self, code: &str) -> Option<u32> {
        self.plan.find(code, |node| self.code_of(node))
    }
}

/// The most memory that versions take which no run uses.
const IDLE_MAX_BYTES: usize = 128 << 20;
/// What a version takes beside its tasks and its plan, more or less.
const VERSION_BYTES: usize = 4096;

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
    newest: BTreeMap<Scope, BTreeMap<Kind, BTreeMap<Code, VersionKey>>>,
    versions: BTreeMap<VersionKey, Kept>,
    /// Grows with each use of a version.
    uses: u64,
    connections: BTreeMap<(Scope, Code), Arc<ConnectionTarget>>,
}

/// A version, and when it was used last.
struct Kept {
    compiled: Arc<Compiled>,
    used: u64,
}

impl Known {
    /// The newest version, or after how many applies it was not known.
    fn newest(&mut self, scope: &Scope, kind: Kind, code: &Code) -> Result<Arc<Compiled>, u64> {
        let codes = self.newest.get(scope).and_then(|kinds| kinds.get(&kind));
        let key = codes.and_then(|codes| codes.get(code)).copied();
        key.and_then(|key| self.version(key)).ok_or(self.applies)
    }

    fn version(&mut self, key: VersionKey) -> Option<Arc<Compiled>> {
        self.uses += 1;
        let kept = self.versions.get_mut(&key)?;
        kept.used = self.uses;
        Some(Arc::clone(&kept.compiled))
    }

    fn keep(&mut self, compiled: &Arc<Compiled>) {
        self.uses += 1;
        let kept = Kept { compiled: Arc::clone(compiled), used: self.uses };
        self.versions.insert(compiled.key, kept);
        self.forget_idle(IDLE_MAX_BYTES);
    }

    /// Forgets versions that no run uses, the one that was not used for longest first, until the rest fits.
    fn forget_idle(&mut self, most_bytes: usize) {
        let idle = self.versions.iter().filter(|(_, kept)| Arc::strong_count(&kept.compiled) == 1);
        let mut idle: Vec<(u64, VersionKey, usize)> =
            idle.map(|(key, kept)| (kept.used, *key, kept.compiled.size_bytes())).collect();
        idle.sort_unstable();
        let mut sum: usize = idle.iter().map(|(_, _, size)| size).sum();
        for (_, key, size) in idle {
            if sum <= most_bytes {
                break;
            }
            sum -= size;
            self.versions.remove(&key);
        }
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
                codes.insert(code.clone(), compiled.key);
            }
        });
        Ok(Some(compiled))
    }

    /// The version that a run is pinned to.
    pub async fn version(&self, key: VersionKey) -> Result<Arc<Compiled>, StoreError> {
        if let Some(found) = self.known(|known| known.version(key)) {
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
        if let Some(found) = self.known(|known| known.version(key)) {
            return Ok(found);
        }
        let parts = self.store.definition_parts(key).await?;
        // A large definition takes seconds to compile: not on a thread that others wait for.
        let compiled = tokio::task::spawn_blocking(move || Compiled::of(&row, &parts)).await;
        let compiled = compiled.map_err(|error| {
            StoreError::Inconsistent(format!("cannot compile a definition: {error}"))
        })?;
        let compiled = Arc::new(compiled?);
        self.known(|known| known.keep(&compiled));
        Ok(compiled)
    }

    fn known<T>(&self, use_it: impl FnOnce(&mut Known) -> T) -> T {
        use_it(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::definition::{Spec, Tasks};

    fn compiled(key: i64, tasks: u32) -> Arc<Compiled> {
        let mut all = Tasks::default();
        (0..tasks).for_each(|task| all.push(&format!("T{task}"), &Spec::default(), []));
        let code: Code = "A".parse().unwrap();
        let (name, description) = ("A".to_owned(), String::new());
        let batch = Batch { code, name, description, params: BTreeMap::new(), tasks: all };
        let plan = Plan::of_batch(&batch).unwrap();
        let source = Source::Batch(Arc::new(batch));
        Arc::new(Compiled { key: VersionKey(key), version: 1, plan, source })
    }

    #[test]
    fn versions_that_nobody_uses_are_forgotten_by_their_size_and_the_oldest_first() {
        let mut known = Known::default();
        let in_use = compiled(0, 5000);
        known.keep(&in_use);
        for key in 1..=4 {
            known.keep(&compiled(key, 1000));
        }
        assert!(known.version(VersionKey(1)).is_some());
        let size = compiled(9, 1000).size_bytes();
        known.forget_idle(2 * size);
        let kept: Vec<i64> = known.versions.keys().map(|key| key.0).collect();
        assert_eq!(kept, [0, 1, 4]);
        known.forget_idle(0);
        assert_eq!(known.versions.len(), 1);
        drop(in_use);
        known.forget_idle(0);
        assert!(known.versions.is_empty());
    }
}
