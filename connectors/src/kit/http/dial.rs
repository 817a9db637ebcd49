//! Connections that speak something else than HTTP, under the same guard.

use super::{
    Http,
    guard::{is_inside, refusal},
};
use bus_core::{error::StepError, msg};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::ServerName,
    },
};

/// A connection, with or without TLS.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Http {
    /// Connects to a host: what its name means is looked up once, and addresses of this machine and of private
    /// networks are refused unless allowed.
    ///
    /// # Errors
    /// When it may not be called, is not there, or shows a certificate that is not trusted.
    pub(crate) async fn dial(
        &self,
        (host, port): (&str, u16),
        secured: bool,
    ) -> Result<Box<dyn Wire>, StepError> {
        let patience = self.options().connect_timeout;
        match timeout(patience, self.dial_in_time((host, port), secured)).await {
            Ok(dialled) => dialled,
            Err(_) => Err(StepError::passing(msg!(
                "no answer within {seconds} seconds",
                seconds = patience.as_secs()
            ))),
        }
    }

    async fn dial_in_time(
        &self,
        (host, port): (&str, u16),
        secured: bool,
    ) -> Result<Box<dyn Wire>, StepError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = match bare.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.names().find(bare).await.map_err(|_| {
                StepError::passing(msg!("there is no host `{host}`, or nobody knows it now", host = bare))
            })?,
        };
        let fine = found.iter().filter(|address| self.options().allows(bare) || !is_inside(**address));
        let addresses: Vec<SocketAddr> = fine.map(|address| SocketAddr::new(*address, port)).collect();
        if addresses.is_empty() && !found.is_empty() {
            return Err(StepError::settings(refusal(bare)));
        }
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| unreachable(&error))?;
        // small packets that wait for each other
        let _as_it_is = stream.set_nodelay(true);
        if !secured {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| StepError::settings(msg!("`{host}` is no name of a host", host = bare)))?;
        let connector = TlsConnector::from(Arc::new(tls()?));
        let stream = connector.connect(name, stream).await.map_err(|error| untrusted(&error))?;
        Ok(Box::new(stream))
    }
}

fn unreachable(error: &io::Error) -> StepError {
    StepError::passing(msg!("cannot connect: {problem}", problem = error.to_string()))
}

fn untrusted(error: &io::Error) -> StepError {
    let text = error.to_string();
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            StepError::remote(msg!("the server's certificate is not trusted: {problem}", problem = text))
        }
        Some(_) => StepError::remote(msg!("no secure connection: {problem}", problem = text)),
        None => unreachable(error),
    }
}

/// Trusts what the system does; a system without certificates of its own (a bare container) what browsers trust.
fn tls() -> Result<ClientConfig, StepError> {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let ours = |error: rustls::Error| StepError::ours(msg!("{problem}", problem = error.to_string()));
    let builder =
        || ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    if let Ok(config) = builder().map_err(ours)?.with_platform_verifier() {
        return Ok(config.with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    Ok(builder().map_err(ours)?.with_root_certificates(roots).with_no_client_auth())
}
