//! Rules that several calls have in common.

use crate::{App, Caller, Kind, Problem, accounts::record::email_key, random};
use bus_core::msg;
use std::net::{IpAddr, Ipv6Addr};

/// Most characters of a name that people give.
const NAME: usize = 200;
/// Most characters of an e-mail address (RFC 5321 §4.5.3.1.3).
const EMAIL: usize = 254;

/// A name that can be shown.
pub(super) fn name(place: &str, name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        let rule = msg!("a name has 1 to {most} characters, on one line", most = NAME);
        return Err(Problem::invalid(place, rule));
    }
    Ok(name.to_owned())
}

/// Something that can be an e-mail address.
pub(super) fn email(place: &str, email: &str) -> Result<String, Problem> {
    let email = email.trim();
    let parts = email.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty());
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if parts.is_none_or(|(_, host)| host.contains('@')) || email.len() > EMAIL || email.contains(odd) {
        return Err(Problem::invalid(place, msg!("this is not an e-mail address")));
    }
    Ok(email.to_owned())
}

/// Lets a caller try once more from its address, or says when it may.
pub(super) fn attempt_from_address(app: &App, caller: &Caller) -> Result<(), Problem> {
    let place = match caller.address() {
        // whoever has one address of a network has them all
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    };
    attempt(app, &format!("address {place}"), app.settings().accounts.attempts_by_address)
}

/// Lets somebody try once more to be this account, or says when. It makes no difference whether there is one.
pub(super) fn attempt_for_account(app: &App, email: &str) -> Result<(), Problem> {
    attempt(app, &account_name(email), app.settings().accounts.attempts)
}

/// The account was its owner's: attempts made before do not count.
pub(super) fn forget_attempts(app: &App, email: &str) {
    app.limiter().clear(&account_name(email));
}

/// Addresses may be long: their hashes are not.
fn account_name(email: &str) -> String {
    format!("account {}", random::hashed(&email_key(email)))
}

fn attempt(app: &App, name: &str, most: u32) -> Result<(), Problem> {
    let wait = |seconds: u64| {
        let advice = msg!("try again in {seconds} seconds", seconds = seconds);
        Problem::of(Kind::TooMany, advice).after(seconds)
    };
    app.limiter().attempt(name, most, app.now()).map_err(wait)
}

#[cfg(test)]
mod tests {
    use super::{email, name};

    #[test]
    fn addresses_and_names_are_looked_at() {
        for good in ["ada@example.org", " é@exemple.fr ", "a+b@localhost"] {
            assert!(email("email", good).is_ok(), "{good}");
        }
        for bad in ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c", "a\n@b"] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
        assert_eq!(name("name", " Ada ").expect("a name"), "Ada");
        assert!(name("name", " \t").is_err());
        assert!(name("name", &"x".repeat(201)).is_err());
    }
}
