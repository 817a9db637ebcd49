//! Conformance suites: each prints its score and holds a floor that only rises.
