//! Letters, handed to a mail server over SMTP.

use super::failure::Failure;
use super::settings::MailSettings;
use dayend_web::ui::{Mail, Mailer};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A mail server that takes longer is given up.
const WITHIN: Duration = Duration::from_secs(30);

/// Whom letters are handed to.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Reads the settings; nothing is sent yet.
    pub(super) fn new(
        settings: &MailSettings,
        password: Option<SecretString>,
    ) -> Result<Self, Failure> {
        let wrong =
            |key: &str, why: &dyn std::fmt::Display| Failure::usage(format!("mail.{key}: {why}"));
        let from = settings.from.parse().map_err(|error| wrong("from", &error))?;
        let (host, port) = settings
            .server
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)))
            .ok_or_else(|| wrong("server", &"it is no address such as smtp.example:587"))?;
        let builder = match settings.tls.as_str() {
            "none" => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)),
            "tls" => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
            _ => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
        };
        let mut builder = builder.map_err(|error| wrong("server", &error))?;
        builder = builder.port(port).timeout(Some(WITHIN));
        if let (Some(user), Some(password)) = (&settings.user, password) {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    async fn hand_over(&self, mail: Mail) -> Result<(), String> {
        let to: Mailbox = mail.to.parse().map_err(|_| "the address is none".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|error| error.to_string())?;
        self.transport.send(message).await.map(drop).map_err(|error| error.to_string())
    }
}

impl Mailer for Smtp {
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(self.hand_over(mail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};

    /// A mail server that nobody here wrote: it prints what it gets.
    struct Postbox {
        child: Child,
        port: u16,
    }

    impl Postbox {
        async fn open() -> Self {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin/python");
            let listen = format!("127.0.0.1:{port}");
            let arguments = [
                "-u",
                "-m",
                "aiosmtpd",
                "-n",
                "-l",
                &listen,
                "-c",
                "aiosmtpd.handlers.Debugging",
                "stdout",
            ];
            let mut command = Command::new(program);
            let child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
            let opened = Self { child, port };
            let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
            while tokio::net::TcpStream::connect(&listen).await.is_err() {
                assert!(tokio::time::Instant::now() < deadline, "the mail server listens in time");
                tokio::task::yield_now().await;
            }
            opened
        }

        /// The lines of the next letter.
        fn letter(&mut self) -> Vec<String> {
            let lines = BufReader::new(self.child.stdout.as_mut().unwrap()).lines();
            lines.map(Result::unwrap).take_while(|line| !line.contains("END MESSAGE")).collect()
        }
    }

    impl Drop for Postbox {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn settings(server: &str, tls: &str) -> MailSettings {
        MailSettings {
            server: server.to_owned(),
            from: "Dayend <dayend@bank.example>".to_owned(),
            user: None,
            password_file: None,
            tls: tls.to_owned(),
        }
    }

    fn mail(to: &str) -> Mail {
        let (subject, text) =
            ("A link for Zoë".to_owned(), "Open this:\n\nhttps://dayend.example/x\n".to_owned());
        Mail { to: to.to_owned(), subject, text }
    }

    #[tokio::test]
    async fn a_letter_reaches_a_real_mail_server() {
        let mut postbox = Postbox::open().await;
        let smtp =
            Smtp::new(&settings(&format!("127.0.0.1:{}", postbox.port), "none"), None).unwrap();
        smtp.send(mail("night@bank.example")).await.unwrap();
        let letter = postbox.letter().join("\n");
        for part in [
            "From: Dayend <dayend@bank.example>",
            "To: night@bank.example",
            "https://dayend.example/x",
            "text/plain; charset=utf-8",
        ] {
            assert!(letter.contains(part), "{part} is not in\n{letter}");
        }
        assert!(smtp.send(mail("no address\r\nBcc: thief@evil.example")).await.is_err());
        let strict =
            Smtp::new(&settings(&format!("127.0.0.1:{}", postbox.port), "starttls"), None).unwrap();
        let refused = strict.send(mail("night@bank.example")).await;
        assert!(refused.is_err(), "nothing is sent in the clear where TLS is wanted");
    }

    #[test]
    fn a_wrong_setting_names_its_key() {
        let key = |settings: &MailSettings| Smtp::new(settings, None).err().unwrap().sentence;
        assert!(key(&settings("nowhere", "tls")).starts_with("mail.server: "));
        let from = MailSettings { from: "nobody".to_owned(), ..settings("127.0.0.1:25", "tls") };
        assert!(key(&from).starts_with("mail.from: "));
    }
}
