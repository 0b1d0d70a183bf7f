use crate::harness::{Place, argv, attempt, attempt_with, map, marker, processes_with, script};
use dayend_engine::definition::{CommandWork, Work};
use dayend_executor::port::{Executor, Fact, Outcome};
use rustix::fs::{Mode, OFlags};
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn a_command_ends_as_its_exit_code_says_and_its_last_line_tells() {
    let place = Place::new();
    let mut node = place.node();
    #[rustfmt::skip]
    let cases = [
        ("true", Outcome::Succeeded, "exit code 0"),
        ("echo one; echo two; echo", Outcome::Succeeded, "two (exit code 0)"),
        ("echo broken >&2; exit 3", Outcome::Failed, "broken (exit code 3)"),
        ("exit 255", Outcome::Failed, "exit code 255"),
        ("printf 'no newline'", Outcome::Succeeded, "no newline (exit code 0)"),
        ("kill -9 $$", Outcome::Failed, "killed by signal 9, SIGKILL did not come from Dayend: perhaps the system ran out of memory"),
        ("kill -SEGV $$", Outcome::Failed, "killed by signal 11"),
        ("printf '\\033[31mred\\033[0m\\a\\n'", Outcome::Succeeded, "\\u{1b}[31mred\\u{1b}[0m\\u{7} (exit code 0)"),
        ("printf '\\377\\376\\000x\\n'", Outcome::Succeeded, "\u{fffd}\u{fffd}\\u{0}x (exit code 0)"),
        ("rm -rf \"$PWD\"; echo gone", Outcome::Succeeded, "gone (exit code 0)"),
        ("cat", Outcome::Succeeded, "exit code 0"),
    ];
    for (text, outcome, message) in cases {
        assert_eq!(node.run(attempt(script(text))).await, (outcome, message.to_owned()), "{text}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_a_clear_failure() {
    let place = Place::new();
    let mut node = place.node();
    std::fs::write(place.work().join("plain.txt"), "no program").unwrap();
    for (program, want, code) in [
        ("/no/such/program", "No such file", 127),
        ("./plain.txt", "Permission denied", 126),
        ("/", "denied", 126),
    ] {
        let (outcome, message) = node.run(attempt(argv(&[program]))).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(
            message.contains(want) && message.ends_with(&format!("(exit code {code})")),
            "{program}: {message}"
        );
    }
    for (work, want) in [
        (argv(&[]), "no program"),
        (argv(&["missing"]), "cannot be found"),
        (argv(&["../x"]), "leaves"),
    ] {
        let attempt = attempt(work);
        node.executors.start(attempt.clone());
        let report = node.next().await;
        assert!(
            matches!(&report.fact, Fact::Ended { outcome: Outcome::Failed, message } if message.contains(want)),
            "{report:?}"
        );
        assert_eq!(node.executors.log(attempt.id, 0, 10).unwrap(), None);
    }
}

#[tokio::test]
async fn hostile_parameters_stay_single_arguments() {
    let place = Place::new();
    let mut node = place.node();
    for value in [
        "; id",
        "$(id)",
        "`id`",
        "a\nb",
        "-n",
        "--help",
        "-o ProxyCommand=id",
        "%0a",
        "'\"\\",
        "",
        "*",
        "~",
        "ü\u{202e}",
        "$D$",
    ] {
        let work = argv(&["/usr/bin/printf", "<%s>", "$P$", "x$P$y"]);
        let attempt = attempt_with(work, &[("P", value), ("D", "2026-10-30")]);
        let id = attempt.id;
        assert_eq!(node.run(attempt).await.0, Outcome::Succeeded, "{value:?}");
        assert_eq!(node.log_text(id), format!("<{value}><x{value}y>"));
    }
    let with_nul = attempt_with(argv(&["/bin/echo", "$P$"]), &[("P", "a\0b")]);
    assert_eq!(
        node.run(with_nul).await,
        (Outcome::Failed, "argument 1 of the command holds a NUL character".to_owned())
    );
}

#[tokio::test]
async fn a_command_gets_a_clean_environment() {
    let place = Place::new();
    let mut node = place.node();
    let work = CommandWork {
        argv: vec!["/usr/bin/env".to_owned()],
        env: map(&[("SRC", "$P$"), ("LANG", "de_DE.UTF-8")]),
        ..CommandWork::default()
    };
    let attempt = attempt_with(Work::Command(work), &[("P", "a b\nc")]);
    let id = attempt.id;
    let key = attempt.idempotency_key();
    assert_eq!(node.run(attempt).await.0, Outcome::Succeeded);
    let cwd = place.root.path().join(format!("attempts/42/0-{}/cwd", id.epoch));
    let log = node.log_text(id);
    let mut got: Vec<&str> = log.lines().collect();
    got.sort_unstable();
    let mut want = vec![
        "DAYEND_ATTEMPT=1".to_owned(),
        format!("DAYEND_FENCE={}", id.epoch),
        format!("DAYEND_IDEMPOTENCY_KEY={key}"),
        "DAYEND_MIS_DATE=2026-10-30".to_owned(),
        "DAYEND_RUN_ID=B1_2026-10-30_1793318400000_1".to_owned(),
        "DAYEND_TASK=T1".to_owned(),
        format!("DAYEND_WORK={}", place.work().display()),
        format!("HOME={}", cwd.display()),
        "LANG=de_DE.UTF-8".to_owned(),
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        "SRC=a b".to_owned(),
        format!("TMPDIR={}", cwd.display()),
        "c".to_owned(),
    ];
    want.sort_unstable();
    assert_eq!(got, want);
    assert!(!cwd.exists(), "the current directory is removed afterwards");
    let (argv, env) = (vec!["/bin/true".to_owned()], map(&[("LD_PRELOAD", "x")]));
    let refused = CommandWork { argv, env, ..CommandWork::default() };
    let (outcome, message) = node.run(crate::harness::attempt(Work::Command(refused))).await;
    assert_eq!(
        (outcome, message.as_str()),
        (Outcome::Failed, "a task may not set the environment variable `LD_PRELOAD`")
    );
}

#[tokio::test]
async fn a_command_has_no_foreign_descriptors_and_no_way_to_more_rights() {
    let place = Place::new();
    // Inheritable, as a careless starter of the server would leave it.
    let _open = rustix::fs::open("/etc/passwd", OFlags::RDONLY, Mode::empty()).unwrap();
    let mut node = place.node_with(|settings| {
        settings.command.rlimits.open_files = Some(77);
        settings.command.rlimits.file_size_bytes = Some(1024 * 1024);
    });
    let text = "exec 2>&1; readlink /proc/$$/fd/0; grep NoNewPrivs /proc/self/status; umask; ulimit -n; ulimit -c; \
                pwd; stat -c %A .; cut -d' ' -f5,6 /proc/$$/stat | xargs -n1 test $$ -eq && echo leader";
    let attempt = attempt(script(text));
    let id = attempt.id;
    assert_eq!(node.run(attempt).await.0, Outcome::Succeeded);
    let log = node.log_text(id);
    let cwd = place.root.path().join(format!("attempts/42/0-{}/cwd", id.epoch));
    let want =
        format!("/dev/null\nNoNewPrivs:\t1\n0077\n77\n0\n{}\ndrwx------\nleader\n", cwd.display());
    assert_eq!(log, want);
    let listing = crate::harness::attempt(argv(&["/bin/ls", "/proc/self/fd"]));
    let listing_id = listing.id;
    assert_eq!(node.run(listing).await.0, Outcome::Succeeded);
    assert_eq!(
        node.log_text(listing_id),
        "0\n1\n2\n3\n",
        "the last one is the listed directory itself"
    );
    let dir = place.root.path().join(format!("attempts/42/0-{}", id.epoch));
    for (path, mode) in [
        (dir.clone(), 0o700),
        (dir.join("log"), 0o600),
        (dir.join("spec.json"), 0o600),
        (dir.join("outcome.json"), 0o600),
    ] {
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            mode,
            "{}",
            path.display()
        );
    }
}

#[tokio::test]
async fn output_is_kept_up_to_the_limit_and_the_rest_does_not_hold_the_command_up() {
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.limits.log_bytes = 100_000);
    let attempt = attempt(script("head -c 30000000 /dev/zero; echo; echo last words"));
    let id = attempt.id;
    assert_eq!(
        node.run(attempt).await,
        (Outcome::Succeeded, "last words (exit code 0)".to_owned())
    );
    let log = node.log(id);
    let (kept, mark) = log.split_at(100_000);
    assert!(kept.iter().all(|byte| *byte == 0));
    assert_eq!(String::from_utf8_lossy(mark), "\n… log limit reached, output dropped\n");
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_killed() {
    let place = Place::new();
    let mut node = place.node();
    // A daemon in a session of its own that holds the output, one that does not, and a child that ignores everything.
    let text = "setsid sh -c 'sleep MARK; :' & setsid sh -c 'sleep MARK; :' >/dev/null 2>&1 & (trap '' TERM HUP; sleep MARK; :) & echo done";
    assert_eq!(
        node.run(attempt(script(&text.replace("MARK", &marker())))).await,
        (Outcome::Succeeded, "done (exit code 0)".to_owned())
    );
    assert_eq!(processes_with(&marker()), 0);
}

#[tokio::test]
async fn commands_wait_for_a_free_slot_and_can_be_stopped_there() {
    let place = Place::new();
    let (ready, go) = (place.gate("ready"), place.gate("go"));
    let mut node = place.node_with(|settings| settings.limits.commands = 1);
    let first = attempt(script("echo ready >$DAYEND_WORK/ready; read x <$DAYEND_WORK/go"));
    let (second, third) = (attempt(script("echo second")), attempt(script("echo third")));
    let ids = [first.id, second.id, third.id];
    node.executors.start(first);
    node.started(ids[0]).await;
    crate::harness::read_gate(&ready).await;
    node.executors.start(second);
    node.executors.start(third);
    node.executors.stop(ids[1]);
    let report = node.next().await;
    assert_eq!(
        (report.id, report.fact),
        (
            ids[1],
            Fact::Ended {
                outcome: Outcome::Failed,
                message: "stopped before it started".to_owned()
            }
        )
    );
    let _open = crate::harness::open_gate(&go).await;
    assert_eq!(node.end_of(ids[0]).await, (Outcome::Succeeded, "exit code 0".to_owned()));
    node.started(ids[2]).await;
    assert_eq!(node.end_of(ids[2]).await.0, Outcome::Succeeded);
}

#[tokio::test]
async fn a_command_runs_as_the_configured_user_or_not_at_all() {
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.command.user = Some("nobody".to_owned()));
    let attempt = attempt(script("id -u; touch mine; stat -c %u mine; cat ../spec.json || true"));
    let id = attempt.id;
    let (outcome, message) = node.run(attempt).await;
    if rustix::process::geteuid().is_root() {
        assert_eq!(outcome, Outcome::Succeeded, "{message}");
        let log = node.log_text(id);
        assert!(log.starts_with("65534\n65534\n") && log.contains("Permission denied"), "{log}");
    } else {
        assert_eq!(outcome, Outcome::Failed, "{message}");
    }
}

#[tokio::test]
async fn a_noop_succeeds_at_once() {
    let place = Place::new();
    let mut node = place.node();
    node.executors.start(attempt(Work::Noop));
    let report = node.reports.try_recv().expect("reported before `start` returns");
    assert!(matches!(report.fact, Fact::Ended { outcome: Outcome::Succeeded, .. }));
}

#[tokio::test]
async fn limits_of_the_system_end_a_command_with_a_clear_message() {
    let place = Place::new();
    let mut node =
        place.node_with(|settings| settings.command.rlimits.file_size_bytes = Some(100_000));
    let long = |length: usize| {
        let argv = ["/bin/sh", "-c", "echo ${#LONG}"].map(str::to_owned).to_vec();
        let env = map(&[("LONG", &"x".repeat(length))]);
        attempt(Work::Command(CommandWork { argv, env, ..CommandWork::default() }))
    };
    assert_eq!(
        node.run(long(100_000)).await,
        (Outcome::Succeeded, "100000 (exit code 0)".to_owned())
    );
    let (outcome, message) = node.run(long(1_000_000)).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        message.contains("Argument list too long") && message.ends_with("(exit code 126)"),
        "{message}"
    );
    let (outcome, message) = node.run(attempt(script("exec head -c 200000 /dev/zero >file"))).await;
    assert_eq!((outcome, message.as_str()), (Outcome::Failed, "killed by signal 25"));
}

#[tokio::test]
async fn many_commands_run_at_once_and_each_runs_once() {
    const COMMANDS: usize = 100;
    let place = Place::new();
    let mut node = place.node();
    for _ in 0..COMMANDS {
        node.executors.start(attempt(script("echo ran >>$DAYEND_WORK/ran")));
    }
    let mut ended = 0;
    while ended < COMMANDS {
        if let Fact::Ended { outcome, message } = node.next().await.fact {
            assert_eq!(outcome, Outcome::Succeeded, "{message}");
            ended += 1;
        }
    }
    assert_eq!(
        std::fs::read_to_string(place.work().join("ran")).unwrap().lines().count(),
        COMMANDS
    );
}

#[tokio::test]
async fn an_attempt_is_not_started_a_second_time() {
    let place = Place::new();
    let attempt = attempt(script("echo ran >>$DAYEND_WORK/ran"));
    assert_eq!(place.node().run(attempt.clone()).await.0, Outcome::Succeeded);
    assert_eq!(
        place.node().run(attempt).await,
        (Outcome::Lost, "the attempt was started before".to_owned())
    );
    assert_eq!(std::fs::read_to_string(place.work().join("ran")).unwrap(), "ran\n");
}

#[tokio::test]
async fn a_tenant_with_a_long_queue_does_not_keep_another_one_from_starting() {
    const LONG: usize = 300;
    let place = Place::new();
    let (ready, go) = (place.gate("ready"), place.gate("go"));
    let mut node = place.node_with(|settings| settings.limits.commands = 1);
    let first = attempt(script("echo ready >$DAYEND_WORK/ready; read x <$DAYEND_WORK/go"));
    let first_id = first.id;
    node.executors.start(first);
    crate::harness::read_gate(&ready).await;
    for _ in 0..LONG {
        node.executors.start(attempt(argv(&["/bin/true"])));
    }
    let mut late = attempt(argv(&["/bin/true"]));
    late.tenant = "small".into();
    let late_id = late.id;
    node.executors.start(late);
    let _open = crate::harness::open_gate(&go).await;
    assert_eq!(node.end_of(first_id).await.0, Outcome::Succeeded);
    let mut before = 0;
    loop {
        let report = node.next().await;
        match report.fact {
            Fact::Ended { .. } if report.id == late_id => break,
            Fact::Ended { .. } => before += 1,
            Fact::Started | Fact::Accepted { .. } | Fact::Files { .. } => {}
        }
    }
    assert!(before <= 1, "{before} of the other tenant came before it");
}
