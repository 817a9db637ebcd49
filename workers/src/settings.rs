use connectors::contract::Secrets;

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
