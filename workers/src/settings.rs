use crate::{
    BusError,
    vault::{Keys, keys_in},
};
use connectors::contract::Secrets;
use std::path::Path;
use zeroize::Zeroizing;

/// Secrets from the environment: the secret `ban key` stands in `SEMANTIC_BUS_SECRET_BAN_KEY`.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvironmentSecrets;

impl Secrets for EnvironmentSecrets {
    #[expect(clippy::disallowed_methods, reason = "this is the settings.rs of the engine")]
    fn get(&self, name: &str) -> Option<String> {
        let plain =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
        let name: String = name.chars().map(plain).collect();
        std::env::var(format!("SEMANTIC_BUS_SECRET_{name}")).ok()
    }
}

/// The keys of the vault: those in `SEMANTIC_BUS_VAULT_KEY`, those in the file that `SEMANTIC_BUS_VAULT_KEY_FILE` names,
/// or those in the file `vault.key` of the data folder, which is made at the first start.
///
/// # Errors
/// If they are no keys, or if the file can be neither read nor made.
#[expect(clippy::disallowed_methods, reason = "this is the settings.rs of the engine")]
pub fn vault_keys(folder: &Path) -> Result<Keys, BusError> {
    let read = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    match (read("SEMANTIC_BUS_VAULT_KEY"), read("SEMANTIC_BUS_VAULT_KEY_FILE")) {
        (Some(text), _) => Keys::read(&Zeroizing::new(text)),
        (None, Some(file)) => keys_in(Path::new(&file)),
        (None, None) => keys_in(&folder.join("vault.key")),
    }
}
