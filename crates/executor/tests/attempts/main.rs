//! Attempts of every kind, with real processes, sockets and databases.

#[cfg(test)]
mod adoption;
#[cfg(test)]
mod command;
#[cfg(test)]
mod command_files;
#[cfg(test)]
mod file_waits;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod http;
#[cfg(test)]
mod http_async;
#[cfg(test)]
mod http_faults;
#[cfg(test)]
mod http_modes;
#[cfg(test)]
mod memory_area;
#[cfg(test)]
#[path = "../../../testkit/src/postgres.rs"]
#[expect(unreachable_pub, dead_code, reason = "the file is a public module of the test kit")]
mod postgres;
#[cfg(test)]
mod shell_modes;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod tls;
