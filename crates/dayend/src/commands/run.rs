//! `dayend run`: starts a batch or group, and waits for it if asked to.

use super::session::{Session, conclude};
use crate::client::{Failure, FollowArgs, Owner, Verdict, explain, follow};
use clap::Args;
use dayend_engine::codes::Code;
use dayend_engine::params::is_name;
use dayend_engine::time::MisDate;
use dayend_wire::exit::ExitCode::{self, NotFound, WrongState};
use dayend_wire::external::TriggerBody;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Starts a batch or a group of batches
#[derive(Debug, Args)]
#[command(visible_alias = "trigger")]
pub(crate) struct RunArgs {
    /// The code of the batch or group
    code: Code,
    /// It is a group (without --group and --batch both are tried)
    #[arg(long, conflicts_with = "batch")]
    group: bool,
    /// It is a batch
    #[arg(long)]
    batch: bool,
    /// The business date [default: today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    mis_date: Option<MisDate>,
    /// Tasks (of a group: batches) that do not run and count as done
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    exclude: Vec<Code>,
    /// Tasks (of a group: batches) that wait for a release
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    hold: Vec<Code>,
    /// The only tasks (of a group: batches) that run
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    include: Vec<Code>,
    /// A run-time parameter; for a group BATCH.NAME=VALUE
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    params: Vec<Assignment>,
    /// A parameter of one task; for a group BATCH.TASK.NAME=VALUE
    #[arg(long = "task-param", value_name = "TASK.NAME=VALUE", value_parser = assignment)]
    task_params: Vec<Assignment>,
    /// The idempotency key: the same key never starts a second run [default: a new one]
    #[arg(long, value_name = "KEY", value_parser = key)]
    key: Option<String>,
    /// Waits for the end of the run; the exit code tells how it ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    follow: FollowArgs,
}

/// `A.B.NAME=VALUE`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    path: Vec<String>,
    name: String,
    value: String,
}

impl RunArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        if let (false, Err(failure)) = (self.wait, self.follow.without_wait()) {
            return conclude(None, Err(failure), session.json);
        }
        let run = match self.start(session).await {
            Ok(run) => run,
            Err(failure) => return conclude(None, Err(failure), session.json),
        };
        if !self.wait {
            return conclude(None, Ok(Verdict::accepted(run)), session.json);
        }
        session.say(&format!("run {run}"));
        let outcome = wait_for(session, &run, &self.follow, Owner::Caller).await;
        conclude(Some(run), outcome, session.json)
    }

    /// Triggers, and returns the run id.
    async fn start(&self, session: &Session) -> Result<String, Failure> {
        let key = self.key.clone().unwrap_or_else(|| {
            let key = uuid::Uuid::new_v4().to_string();
            // Told before anything is sent: whoever kills this process can still repeat it safely.
            session.say(&format!("idempotency key {key}"));
            key
        });
        if self.group {
            return session.connection.trigger(&self.group_body()?, &key).await;
        }
        // A batch unless the parameters are written for a group.
        let as_batch = match self.batch_body() {
            Ok(body) => session.connection.trigger(&body, &key).await,
            Err(failure) if self.batch => return Err(failure),
            Err(as_batch) => {
                let body = self.group_body().map_err(|_| as_batch)?;
                return session.connection.trigger(&body, &key).await;
            }
        };
        match as_batch {
            // A refused request leaves its key unused; a key that was used may have started the group.
            Err(first) if matches!(first.exit, NotFound | WrongState) && !self.batch => {
                let body = match self.group_body() {
                    Ok(body) => body,
                    Err(_) if first.exit == WrongState => return Err(first),
                    Err(failure) => return Err(failure),
                };
                let as_group = session.connection.trigger(&body, &key).await;
                as_group.map_err(|second| match (first.exit, second.exit) {
                    (NotFound, NotFound) => self.missing(),
                    (WrongState, _) => first,
                    _ => second,
                })
            }
            other => other,
        }
    }

    fn missing(&self) -> Failure {
        let sentence = format!(
            "there is no batch or group `{}` here: `dayend export` lists what there is",
            self.code
        );
        Failure::new(ExitCode::NotFound, sentence)
    }

    fn body(&self, kind: &str) -> TriggerBody {
        let list = |codes: &[Code]| codes.iter().map(Code::as_str).collect::<Vec<_>>().join(",");
        TriggerBody {
            batch_name: self.code.to_string(),
            batch_type: kind.to_owned(),
            excluded_tasks: list(&self.exclude),
            held_tasks: list(&self.hold),
            included_tasks: list(&self.include),
            ..TriggerBody::default()
        }
    }

    fn batch_body(&self) -> Result<TriggerBody, Failure> {
        let mut batch = Map::new();
        if let Some(date) = self.mis_date {
            batch.insert("$FICMISDATE$".to_owned(), json!(date));
        }
        for param in &self.params {
            param.expect_path(0, "--param NAME=VALUE, or of a group BATCH.NAME=VALUE")?;
            param.put_into(&mut batch)?;
        }
        let mut tasks: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for param in &self.task_params {
            param.expect_path(
                1,
                "--task-param TASK.NAME=VALUE, or of a group BATCH.TASK.NAME=VALUE",
            )?;
            let task = param.path.first().map_or("", String::as_str);
            param.put_into(tasks.entry(task).or_default())?;
        }
        let mut body = self.body("rest");
        if !batch.is_empty() || !tasks.is_empty() {
            body.dynamic_param_list =
                Some(json!({ "batchParams": batch, "taskRuntimeParams": tasks }));
        }
        Ok(body)
    }

    fn group_body(&self) -> Result<TriggerBody, Failure> {
        let mut members: BTreeMap<&str, Member> = BTreeMap::new();
        for param in &self.params {
            param.expect_path(1, "--param BATCH.NAME=VALUE, because this is a group")?;
            let batch = param.path.first().map_or("", String::as_str);
            param.put_into(&mut members.entry(batch).or_default().params)?;
        }
        for param in &self.task_params {
            param.expect_path(2, "--task-param BATCH.TASK.NAME=VALUE, because this is a group")?;
            let [batch, task] = param.path.as_slice() else { continue };
            let tasks = &mut members.entry(batch).or_default().tasks;
            param.put_into(tasks.entry(task.clone()).or_default())?;
        }
        let mut body = self.body("group");
        body.mis_date = self.mis_date.map(|date| date.to_string());
        if !members.is_empty() {
            let entries = members.into_iter().map(|(batch, member)| {
                json!({ "batchName": batch, "batchParams": member.params, "taskRuntimeParams": member.tasks })
            });
            body.dynamic_param_list = Some(Value::Array(entries.collect()));
        }
        Ok(body)
    }
}

#[derive(Debug, Default)]
struct Member {
    params: Map<String, Value>,
    tasks: BTreeMap<String, Map<String, Value>>,
}

impl Assignment {
    fn expect_path(&self, length: usize, shape: &str) -> Result<(), Failure> {
        if self.path.len() == length {
            return Ok(());
        }
        Err(Failure::usage(format!("`{}={}`: write {shape}", self.whole_name(), self.value)))
    }

    fn put_into(&self, values: &mut Map<String, Value>) -> Result<(), Failure> {
        match values.insert(self.name.clone(), json!(self.value)) {
            None => Ok(()),
            Some(_) => {
                Err(Failure::usage(format!("`{}` is given twice: remove one", self.whole_name())))
            }
        }
    }

    fn whole_name(&self) -> String {
        self.path.iter().chain([&self.name]).map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

/// Waits for a run, explains what went wrong, and gives the verdict.
pub(super) async fn wait_for(
    session: &Session,
    run: &str,
    args: &FollowArgs,
    owner: Owner,
) -> Result<Verdict, Failure> {
    let ended = follow(&session.connection, run, args, owner).await?;
    let verdict = Verdict::of(ended);
    if verdict.exit == ExitCode::StillRunning {
        session.say(&format!("the wait limit is reached, the run goes on: dayend wait {run}"));
    } else if let Some(detail) = &verdict.detail
        // What is explained is an extra: the verdict stands even if the server is gone by now.
        && let Err(failure) = explain(&session.connection, detail).await
    {
        session.say(&format!("dayend: {failure}"));
    }
    Ok(verdict)
}

fn assignment(text: &str) -> Result<Assignment, String> {
    let (names, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let mut path: Vec<String> = names.split('.').map(str::to_owned).collect();
    let name = path.pop().unwrap_or_default();
    if !is_name(&name) {
        return Err(format!(
            "`{name}` is not a parameter name: a letter, then letters, digits or `_`"
        ));
    }
    if let Some(problem) = path.iter().find_map(|code| code.parse::<Code>().err()) {
        return Err(problem.to_string());
    }
    Ok(Assignment { path, name, value: value.to_owned() })
}

fn key(text: &str) -> Result<String, String> {
    let shaped =
        (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if shaped {
        Ok(text.to_owned())
    } else {
        Err("a key is 1 to 255 visible ASCII characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        run: RunArgs,
    }

    fn args(line: &str) -> RunArgs {
        Cli::try_parse_from(["run"].into_iter().chain(line.split(' '))).unwrap().run
    }

    #[test]
    fn a_batch_has_its_parameters_in_an_object() {
        let args = args(
            "EOD --mis-date 2026-10-30 --exclude A,B --hold C --param SRC=x=y --task-param T1.P=",
        );
        insta::assert_snapshot!(serde_json::to_string(&args.batch_body().unwrap()).unwrap(), @r#"{"batchName":"EOD","batchType":"rest","excludedTasks":"A,B","heldTasks":"C","dynamicParamList":{"batchParams":{"$FICMISDATE$":"2026-10-30","SRC":"x=y"},"taskRuntimeParams":{"T1":{"P":""}}}}"#);
    }

    #[test]
    fn a_group_has_the_parameters_of_each_member_in_a_list() {
        let args =
            args("EOD --mis-date 2026-10-30 --param A.SRC=x --task-param B.T1.P=q --include A,B");
        insta::assert_snapshot!(serde_json::to_string(&args.group_body().unwrap()).unwrap(), @r#"{"batchName":"EOD","batchType":"group","includedTasks":"A,B","$FICMISDATE$":"2026-10-30","dynamicParamList":[{"batchName":"A","batchParams":{"SRC":"x"},"taskRuntimeParams":{}},{"batchName":"B","batchParams":{},"taskRuntimeParams":{"T1":{"P":"q"}}}]}"#);
    }

    #[test]
    fn parameters_of_the_wrong_depth_are_refused_with_the_right_shape() {
        let group = args("EOD --param SRC=x").group_body().unwrap_err();
        assert_eq!(
            group.sentence,
            "`SRC=x`: write --param BATCH.NAME=VALUE, because this is a group"
        );
        let batch = args("EOD --param A.SRC=x").batch_body().unwrap_err();
        assert_eq!(
            batch.sentence,
            "`A.SRC=x`: write --param NAME=VALUE, or of a group BATCH.NAME=VALUE"
        );
    }

    #[test]
    fn a_parameter_that_is_given_twice_is_refused() {
        let twice = "`SRC` is given twice: remove one";
        let batch = args("EOD --param SRC=x --param SRC=x").batch_body().unwrap_err();
        assert_eq!(batch.sentence, twice);
        let of_task = "EOD --task-param T1.SRC=x --task-param T2.SRC=x --task-param T1.SRC=y";
        let batch = args(of_task).batch_body().unwrap_err();
        assert_eq!(batch.sentence, "`T1.SRC` is given twice: remove one");
        let group = args("EOD --param A.SRC=x --param A.SRC=y").group_body().unwrap_err();
        assert_eq!(group.sentence, "`A.SRC` is given twice: remove one");
        assert!(args("EOD --param A.SRC=x --param B.SRC=y").group_body().is_ok());
    }

    #[test]
    fn bad_codes_names_and_keys_are_usage_errors() {
        for line in [
            "1EOD",
            "EOD --param =x",
            "EOD --param NAME",
            "EOD --param 1.N=x",
            "EOD --exclude A,,B",
            "EOD --mis-date 2026-02-30",
            "EOD --group --batch",
        ] {
            assert!(
                Cli::try_parse_from(["run"].into_iter().chain(line.split(' '))).is_err(),
                "{line}"
            );
        }
        assert!(
            key("a b").is_err()
                && key("").is_err()
                && key(&"k".repeat(256)).is_err()
                && key("order-17").is_ok()
        );
    }
}
