use crate::{Accounts, Kind, PasswordCost, Problem};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use bus_core::{api::Password, msg};
use std::sync::{Arc, OnceLock};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::spawn_blocking,
};
use zeroize::Zeroizing;

/// Fewest characters of a password.
const SHORTEST: usize = 12;
/// Most bytes of a password: hashing an endless one would be work without end.
const LONGEST: usize = 1_024;
/// How many may wait for each one that is hashed; more are sent away.
const QUEUE: usize = 32;

/// Hashes passwords with argon2id, away from the threads that answer calls, a few at a time.
pub(crate) struct Passwords {
    cost: PasswordCost,
    places: Semaphore,
    queue: Semaphore,
    /// The hash of a password that nobody has: an unknown account costs the time of a known one.
    nobody: Arc<OnceLock<String>>,
}

impl Passwords {
    pub(crate) fn new(settings: &Accounts) -> Self {
        let places = settings.hashing.max(1);
        Self {
            cost: settings.cost,
            places: Semaphore::new(places),
            queue: Semaphore::new(places * QUEUE),
            nobody: Arc::default(),
        }
    }

    /// Refuses a password that is too short or too long to be one.
    pub(crate) fn check(place: &str, password: &Password) -> Result<(), Problem> {
        if password.0.chars().count() < SHORTEST {
            let least = msg!("a password has {least} characters or more", least = SHORTEST);
            return Err(Problem::invalid(place, least));
        }
        if password.0.len() > LONGEST {
            return Err(Problem::invalid(place, msg!("a password has at most {most} bytes", most = LONGEST)));
        }
        Ok(())
    }

    /// What is stored of a password.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, Problem> {
        let password = Zeroizing::new(password.0.clone());
        let cost = self.cost;
        let _place = self.place().await?;
        let hashed = spawn_blocking(move || hash(cost, &password)).await;
        hashed.map_err(|error| Problem::ours(&error))?
    }

    /// Whether this is the password of that hash; without a hash, the same work for the answer no.
    pub(crate) async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool, Problem> {
        if password.0.len() > LONGEST {
            return Ok(false);
        }
        let password = Zeroizing::new(password.0.clone());
        let (cost, stored, nobody) = (self.cost, stored.map(str::to_owned), Arc::clone(&self.nobody));
        let _place = self.place().await?;
        let verified = spawn_blocking(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => {
                if nobody.get().is_none() {
                    let made = hash(cost, "nobody has this password")?;
                    nobody.get_or_init(|| made);
                }
                verify(&password, nobody.get().map_or("", String::as_str)).map(|_| false)
            }
        });
        verified.await.map_err(|error| Problem::ours(&error))?
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let Ok(_waiting) = self.queue.try_acquire() else {
            return Err(Problem::new(Kind::Unavailable).after(5));
        };
        self.places.acquire().await.map_err(|error| Problem::ours(&error))
    }
}

fn argon2(cost: PasswordCost) -> Result<Argon2<'static>, Problem> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, None);
    let params = params.map_err(|error| Problem::ours(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(cost: PasswordCost, password: &str) -> Result<String, Problem> {
    let hashed = argon2(cost)?.hash_password(password.as_bytes());
    Ok(hashed.map_err(|error| Problem::ours(&error))?.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, Problem> {
    let stored = PasswordHash::new(stored).map_err(|error| Problem::ours(&error))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::Passwords;
    use crate::{Accounts, PasswordCost};
    use bus_core::api::Password;

    #[tokio::test]
    async fn a_password_is_known_again_and_costs_what_owasp_says() {
        let passwords = Passwords::new(&Accounts::default());
        let password = Password("correct horse battery".into());
        let stored = passwords.hash(&password).await.expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify(&password, Some(&stored)).await.expect("verified"));
        assert!(!passwords.verify(&Password("wrong".into()), Some(&stored)).await.expect("verified"));
        assert!(!passwords.verify(&password, None).await.expect("verified"));
    }

    #[tokio::test]
    async fn short_and_endless_ones_are_refused() {
        let cost = PasswordCost { memory: 8, passes: 1, lanes: 1 };
        let passwords = Passwords::new(&Accounts { cost, ..Accounts::default() });
        assert!(Passwords::check("password", &Password("élevé-court".into())).is_err());
        assert!(Passwords::check("password", &Password("élevé-court!".into())).is_ok());
        assert!(Passwords::check("password", &Password("x".repeat(1_025))).is_err());
        assert!(!passwords.verify(&Password("x".repeat(1 << 20)), None).await.expect("verified"));
    }
}
