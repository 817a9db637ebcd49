//! What holds for the whole house: the direction of its dependencies, the size of its files, and that every
//! text a person may read exists in both languages.

mod connectors;
mod dependencies;
mod files;
mod schemas;
mod texts;
