//! Resolves the user of a workload, by the rules of container engines, from the image's own files.

use std::collections::HashMap;

use crate::error::{Error, Result};

/// Identity of the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// User id.
    pub(crate) uid: u32,
    /// Primary group id.
    pub(crate) gid: u32,
    /// Supplementary group ids.
    pub(crate) groups: Vec<u32>,
    /// Home folder; `/` when the image names none.
    pub(crate) home: String,
}

impl User {
    /// The user that may do everything.
    pub(crate) fn root() -> Self {
        Self {
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            home: "/".to_owned(),
        }
    }
}

/// One line of `/etc/passwd`.
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

/// One line of `/etc/group`.
struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

/// Resolves `user`, `uid`, `user:group` or `uid:gid`; empty means root.
///
/// A name must exist in the image. A number need not: its group is then 0 and its home `/`.
/// Supplementary groups are those that list the account, unless a group is given.
pub(crate) fn resolve(wanted: &str, passwd: &str, group: &str) -> Result<User> {
    let (user, wanted_group) = match wanted.split_once(':') {
        Some((user, group)) => (user, group),
        None => (wanted, ""),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = id(user);
    let account = accounts(passwd)
        .find(|account| account.name == user)
        .or_else(|| accounts(passwd).find(|account| Some(account.uid) == number));
    let (uid, gid, home) = match (&account, number) {
        (Some(account), _) => (account.uid, account.gid, account.home),
        (None, Some(uid)) => (uid, 0, ""),
        (None, None) => {
            return Err(Error::UnknownUser {
                name: user.to_owned(),
            });
        }
    };
    let home = if home.is_empty() { "/" } else { home }.to_owned();
    if !wanted_group.is_empty() {
        let gid = find_group(wanted_group, group)?;
        return Ok(User {
            uid,
            gid,
            groups: Vec::new(),
            home,
        });
    }
    let name = account.map_or("", |account| account.name);
    let mut memberships: Vec<u32> = groups(group)
        .filter(|group| !name.is_empty() && group.members.split(',').any(|m| m.trim() == name))
        .map(|group| group.gid)
        .collect();
    memberships.sort_unstable();
    memberships.dedup();
    Ok(User {
        uid,
        gid,
        groups: memberships,
        home,
    })
}

fn find_group(wanted: &str, group: &str) -> Result<u32> {
    groups(group)
        .find(|group| group.name == wanted)
        .map(|group| group.gid)
        .or_else(|| id(wanted))
        .ok_or_else(|| Error::UnknownGroup {
            name: wanted.to_owned(),
        })
}

/// The names of users by their ids; the first one counts.
pub(crate) fn names(passwd: &str) -> HashMap<u32, &str> {
    let mut names = HashMap::new();
    for account in accounts(passwd) {
        names.entry(account.uid).or_insert(account.name);
    }
    names
}

/// The accounts; lines that do not parse are skipped, as the C library does.
fn accounts(passwd: &str) -> impl Iterator<Item = Account<'_>> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.trim();
        let _password = fields.next()?;
        let (uid, gid) = (id(fields.next()?)?, id(fields.next()?)?);
        let _comment = fields.next();
        Some(Account {
            name,
            uid,
            gid,
            home: fields.next().unwrap_or_default(),
        })
    })
}

fn groups(group: &str) -> impl Iterator<Item = Group<'_>> {
    group.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.trim();
        let _password = fields.next()?;
        let gid = id(fields.next()?)?;
        Some(Group {
            name,
            gid,
            members: fields.next().unwrap_or_default(),
        })
    })
}

/// Parses a numeric id; the largest number means "none" to the kernel and is not an id.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id != u32::MAX)
}

#[cfg(test)]
mod tests;
