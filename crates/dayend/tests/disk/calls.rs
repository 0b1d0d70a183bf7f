//! What processes did to files, as `strace` wrote it down.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The system calls that make, change, flush or move a file.
const CALLS: &str = "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir";
/// The longest write that is recorded whole.
const WRITE_MAX_BYTES: &str = "1000000";

/// The command line under which a server and its tasks have their calls written down, each string in hexadecimal digits.
pub(crate) fn recording(trace: &str, more: &[&str]) -> Vec<String> {
    let calls = format!("trace={CALLS}");
    let words = [
        "strace",
        "-D",
        "-f",
        "-qqq",
        "-y",
        "-xx",
        "-s",
        WRITE_MAX_BYTES,
        "-o",
        trace,
        "-e",
        &calls,
    ];
    words.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

/// What one call did.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// The file is there now, if it was not before; with `emptied` it has lost what was in it.
    Open {
        path: PathBuf,
        emptied: bool,
    },
    /// Without a place: behind what was written before.
    Write {
        path: PathBuf,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    Cut {
        path: PathBuf,
        length: usize,
    },
    /// All that was done to it before the call number `before` is on disk now.
    Flush {
        path: PathBuf,
        before: usize,
    },
    Move {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    MakeDirectory {
        path: PathBuf,
    },
}

/// One call, and the length of the trace when it was over.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) end: u64,
    pub(crate) deed: Deed,
}

/// A call that has begun.
struct Begun {
    text: String,
    /// How many calls were over by then.
    before: usize,
}

/// Reads a trace: the calls that succeeded, in the order in which they were over.
pub(crate) fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut begun: BTreeMap<String, Begun> = BTreeMap::new();
    let mut end = 0;
    for line in trace.split_inclusive('\n') {
        end += u64::try_from(line.len()).unwrap();
        let Some((process, text)) = line.trim_end().split_once(' ') else { continue };
        let text = text.trim_start();
        let before = calls.len();
        let whole = if let Some(start) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(process.to_owned(), Begun { text: start.to_owned(), before });
            continue;
        } else if let Some((_, rest)) = text.split_once(" resumed>") {
            let Some(start) = begun.remove(process) else { continue };
            Begun { text: start.text + rest, before: start.before }
        } else {
            Begun { text: text.to_owned(), before }
        };
        calls.extend(deed(&whole).map(|deed| Call { end, deed }));
    }
    calls
}

/// What a whole line tells, if the call did anything to a file.
fn deed(call: &Begun) -> Option<Deed> {
    let (name, rest) = call.text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    if result.starts_with('-') || result.starts_with('?') || result.contains("INJECTED") {
        return None;
    }
    let arguments: Vec<&str> = arguments.split(", ").collect();
    let number = |index: usize| arguments[index].parse::<usize>().unwrap();
    let path = || descriptor(arguments[0]);
    match name {
        "openat" => {
            let flags = arguments[2];
            let writes = flags.contains("O_CREAT") || flags.contains("O_TRUNC");
            let emptied = flags.contains("O_TRUNC");
            writes.then(|| descriptor(result).map(|path| Deed::Open { path, emptied }))?
        }
        "write" | "pwrite64" => {
            let written: usize = result.split(' ').next()?.parse().unwrap();
            let mut bytes = decoded(arguments[1].trim_matches('"'));
            assert!(bytes.len() >= written, "the trace holds only part of a write");
            bytes.truncate(written);
            let at = (name == "pwrite64").then(|| number(3));
            Some(Deed::Write { path: path()?, at, bytes })
        }
        "ftruncate" => Some(Deed::Cut { path: path()?, length: number(1) }),
        "fsync" | "fdatasync" => Some(Deed::Flush { path: path()?, before: call.before }),
        "rename" => Some(Deed::Move { from: named(arguments[0])?, to: named(arguments[1])? }),
        "renameat" | "renameat2" => {
            Some(Deed::Move { from: named(arguments[1])?, to: named(arguments[3])? })
        }
        "unlink" | "rmdir" => Some(Deed::Remove { path: named(arguments[0])? }),
        "unlinkat" => {
            let name = PathBuf::from(text(arguments[1].trim_matches('"')));
            Some(Deed::Remove { path: descriptor(arguments[0])?.join(name) })
        }
        "mkdir" => Some(Deed::MakeDirectory { path: named(arguments[0])? }),
        "mkdirat" => Some(Deed::MakeDirectory { path: named(arguments[1])? }),
        other => panic!("{other} was not asked for"),
    }
}

/// The path behind a descriptor, `12<path>`; none if it is no file.
fn descriptor(argument: &str) -> Option<PathBuf> {
    let (_, rest) = argument.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some(PathBuf::from(text(path))).filter(|path| path.is_absolute())
}

/// The path in a string.
fn named(argument: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text(argument.trim_matches('"')))).filter(|path| path.is_absolute())
}

fn text(hex: &str) -> String {
    String::from_utf8(decoded(hex)).unwrap()
}

fn decoded(hex: &str) -> Vec<u8> {
    let byte = |digits: &str| u8::from_str_radix(digits, 16).unwrap();
    hex.split("\\x").skip(1).map(byte).collect()
}

#[test]
fn a_trace_is_read_in_the_order_in_which_calls_were_over() {
    // `/a` is \x2f\x61, `/b` is \x2f\x62, and `X` is \x58.
    let trace = r#"1 openat(AT_FDCWD<\x2f>, "\x2f\x61", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<\x2f\x61>
1 pwrite64(3<\x2f\x61>, "\x58", 1, 7) = 1
1 fsync(3<\x2f\x61> <unfinished ...>
2 write(4<\x2f\x62>, "\x58\x58", 2) = 2
1 <... fsync resumed>)              = 0
2 fsync(4<\x2f\x62>) = 0 (INJECTED)
2 rename("\x2f\x61", "\x2f\x62") = -1 ENOENT (No such file or directory)
3 +++ exited with 0 +++
"#;
    let told: Vec<String> = read(trace).iter().map(|call| format!("{:?}", call.deed)).collect();
    assert_eq!(
        told,
        [
            r#"Open { path: "/a", emptied: false }"#,
            r#"Write { path: "/a", at: Some(7), bytes: [88] }"#,
            r#"Write { path: "/b", at: None, bytes: [88, 88] }"#,
            r#"Flush { path: "/a", before: 2 }"#,
        ]
    );
}
