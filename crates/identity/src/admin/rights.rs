//! What somebody holds, and how it is compared: nobody gives away more than they have.

use super::roles::{AppRole, Power};
use crate::authenticate::ANY;
use crate::caller::Function;
use dayend_store::port::GrantRow;

/// Stands before the name of a role in a grant's row.
const ROLE: &str = "role/";

/// Who can hold something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A user, by id.
    User(String),
    /// An app, by client id.
    App(String),
    /// A group, by id.
    Group(String),
}

impl Holder {
    /// The holder as rows and documents name it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::App(client_id) => format!("app:{client_id}"),
            Self::Group(id) => format!("group:{id}"),
        }
    }

    /// Reads back what [`Holder::text`] wrote.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        match kind {
            "user" => Some(Self::User(id.to_owned())),
            "app" => Some(Self::App(id.to_owned())),
            "group" => Some(Self::Group(id.to_owned())),
            _ => None,
        }
    }
}

/// One thing that can be granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// A role in the tenant.
    Role(AppRole),
    /// A function in a service and workspace, or in any (`*`).
    Function { function: Function, service: String, workspace: String },
}

impl Right {
    /// A function in all services and workspaces.
    pub fn everywhere(function: Function) -> Self {
        Self::Function { function, service: ANY.to_owned(), workspace: ANY.to_owned() }
    }

    /// What the row gives; none: it is of a program that knows more.
    pub(crate) fn of(row: &GrantRow) -> Option<Self> {
        if !row.granted {
            return None;
        }
        if let Some(role) = row.function.strip_prefix(ROLE) {
            return AppRole::from_name(role).map(Self::Role);
        }
        let function = Function::from_name(&row.function)?;
        let (service, workspace) = (row.service.clone(), row.workspace.clone());
        Some(Self::Function { function, service, workspace })
    }

    /// The row that gives it, or takes it away.
    pub(crate) fn row(&self, tenant: &str, holder: &Holder, granted: bool) -> GrantRow {
        let (service, workspace, function) = match self {
            Self::Role(role) => (ANY, ANY, format!("{ROLE}{}", role.as_str())),
            Self::Function { function, service, workspace } => {
                (service.as_str(), workspace.as_str(), function.as_str().to_owned())
            }
        };
        GrantRow {
            tenant: tenant.to_owned(),
            grantee: holder.text(),
            service: service.to_owned(),
            workspace: workspace.to_owned(),
            function,
            granted,
        }
    }

    /// Who holds it may do everything in the tenant.
    pub fn is_everything(&self) -> bool {
        match self {
            Self::Role(role) => *role == AppRole::DomainAdministrator,
            Self::Function { function, service, workspace } => {
                *function == Function::Admin && service == ANY && workspace == ANY
            }
        }
    }

    /// Whether it includes the other one.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Role(one), Self::Role(other)) => one == other,
            (
                Self::Function { function, service, workspace },
                Self::Function { function: asked, service: in_service, workspace: in_workspace },
            ) => {
                function == asked
                    && (service == ANY || service == in_service)
                    && (workspace == ANY || workspace == in_workspace)
            }
            (Self::Role(_), Self::Function { .. }) | (Self::Function { .. }, Self::Role(_)) => {
                false
            }
        }
    }
}

/// All that somebody holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(Vec<Right>);

impl Rights {
    /// Everything there is: of whoever owns the machine.
    pub fn everything() -> Self {
        Self(vec![Right::Role(AppRole::DomainAdministrator)])
    }

    /// What these rows give.
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a GrantRow>) -> Self {
        rows.into_iter().filter_map(Right::of).collect()
    }

    fn is_everything(&self) -> bool {
        self.0.iter().any(Right::is_everything)
    }

    /// Whether this may be done to the tenant.
    pub fn allow(&self, power: Power) -> bool {
        let gives = |right: &Right| match right {
            Right::Role(role) => role.powers().contains(&power),
            Right::Function { .. } => false,
        };
        self.is_everything() || self.0.iter().any(gives)
    }

    /// Whether the right is held, alone or as part of a wider one.
    pub fn cover(&self, right: &Right) -> bool {
        self.is_everything() || self.0.iter().any(|held| held.covers(right))
    }

    /// Whether all rights of the other are held.
    pub fn cover_all(&self, other: &Self) -> bool {
        other.0.iter().all(|right| self.cover(right))
    }

    /// What both hold.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        if self.is_everything() {
            return other;
        }
        if other.is_everything() {
            return self;
        }
        let mut both: Vec<Right> =
            self.0.iter().filter(|right| other.cover(right)).cloned().collect();
        both.extend(other.0.iter().filter(|right| self.cover(right)).cloned());
        both.sort();
        both.dedup();
        Self(both)
    }

    /// Only these roles, and no function.
    #[must_use]
    pub fn only(self, roles: &[AppRole]) -> Self {
        let all = self.is_everything();
        let held = |role: &AppRole| all || self.0.contains(&Right::Role(*role));
        Self(roles.iter().copied().filter(held).map(Right::Role).collect())
    }

    /// Those that give power over the tenant or over others in it.
    #[must_use]
    pub fn administrative(&self) -> Self {
        let gives_power = |right: &&Right| match right {
            Right::Role(role) => role.is_administrative(),
            Right::Function { function, .. } => {
                matches!(function, Function::Admin | Function::Impersonate)
            }
        };
        self.0.iter().filter(gives_power).cloned().collect()
    }

    /// Each right, in no special order.
    pub fn iter(&self) -> impl Iterator<Item = &Right> {
        self.0.iter()
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AppRole::{ApplicationAdministrator, DomainAdministrator, UserAdministrator};

    fn exec(service: &str, workspace: &str) -> Right {
        Right::Function {
            function: Function::Exec,
            service: service.to_owned(),
            workspace: workspace.to_owned(),
        }
    }

    fn rights(held: &[Right]) -> Rights {
        held.iter().cloned().collect()
    }

    #[test]
    fn a_row_says_the_same_again() {
        let holder = Holder::Group("g1".to_owned());
        for right in AppRole::ALL.map(Right::Role).into_iter().chain([exec("S", "*")]) {
            let row = right.row("T", &holder, true);
            assert_eq!(Right::of(&row), Some(right.clone()));
            assert_eq!(Holder::from_text(&row.grantee), Some(holder.clone()));
            assert_eq!(Right::of(&right.row("T", &holder, false)), None);
        }
    }

    #[test]
    fn what_is_held_covers_itself_and_what_is_narrower() {
        #[rustfmt::skip]
        let cases = [
            ("itself",               vec![exec("S", "W")],                        exec("S", "W"),                     true),
            ("a workspace of it",    vec![exec("S", "*")],                        exec("S", "W"),                     true),
            ("wider",                vec![exec("S", "W")],                        exec("S", "*"),                     false),
            ("another function",     vec![exec("*", "*")],                        Right::everywhere(Function::View),  false),
            ("an administrator",     vec![Right::Role(DomainAdministrator)],      exec("*", "*"),                     true),
            ("the function for it",  vec![Right::everywhere(Function::Admin)],    Right::Role(UserAdministrator),     true),
            ("the own role",         vec![Right::Role(UserAdministrator)],        Right::Role(UserAdministrator),     true),
            ("another role",         vec![Right::Role(UserAdministrator)],        Right::Role(DomainAdministrator),   false),
            ("a role, no function",  vec![Right::Role(UserAdministrator)],        exec("S", "W"),                     false),
            ("nothing",              vec![],                                      Right::Role(AppRole::Me),           false),
        ];
        for (name, held, asked, want) in cases {
            assert_eq!(rights(&held).cover(&asked), want, "{name}");
        }
        let narrow_admin = Right::Function {
            function: Function::Admin,
            service: "S".to_owned(),
            workspace: ANY.to_owned(),
        };
        assert!(!rights(&[narrow_admin]).allow(Power::SeeUsers), "a service is not the tenant");
    }

    #[test]
    fn a_user_with_an_app_may_do_what_both_may() {
        let user = rights(&[Right::Role(UserAdministrator), exec("S", "*")]);
        let app = rights(&[Right::Role(ApplicationAdministrator), exec("*", "W")]);
        assert_eq!(user.clone().meet(app.clone()), Rights::default());
        assert_eq!(user.clone().meet(Rights::everything()), user);
        assert_eq!(Rights::everything().meet(app.clone()), app);
        let one = rights(&[exec("S", "*"), Right::Role(UserAdministrator)]);
        let other = rights(&[exec("S", "W"), Right::Role(UserAdministrator)]);
        let both = one.meet(other);
        assert!(both.allow(Power::ManageUsers) && !both.allow(Power::ManageApps));
        assert!(both.cover(&exec("S", "W")) && !both.cover(&exec("S", "*")));
        assert!(!Rights::everything().only(&[AppRole::Me]).allow(Power::SeeUsers));
        assert!(Rights::everything().only(&[UserAdministrator]).allow(Power::ManageUsers));
        assert!(!user.only(&[DomainAdministrator]).allow(Power::SeeUsers));
    }
}
