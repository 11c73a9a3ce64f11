//! What each family knows from the start: the constants of the ready line.

use serde::Serialize;

use super::Family;
use crate::fixtures;

/// The fixtures of one family, as the ready line has them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Credentials {
    pub(crate) api_key: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_only_key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expired_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<&'static str>,
    #[serde(flatten)]
    pub(crate) user: Option<User>,
    #[serde(flatten)]
    pub(crate) client: Option<Client>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_secret: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_secret: Option<&'static str>,
}

/// Who can log in.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct User {
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
}

/// The OAuth client.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Client {
    #[serde(rename = "client_id")]
    pub(crate) id: &'static str,
    #[serde(rename = "client_secret")]
    pub(crate) secret: &'static str,
    pub(crate) redirect_uri: &'static str,
}

static LINKTOR: Credentials = Credentials {
    read_only_key: Some(fixtures::LINKTOR_READ_ONLY_KEY),
    access_token: Some(fixtures::LINKTOR_ACCESS_TOKEN),
    expired_token: Some(fixtures::LINKTOR_EXPIRED_TOKEN),
    refresh_token: Some(fixtures::LINKTOR_REFRESH_TOKEN),
    user: Some(User { email: fixtures::LINKTOR_EMAIL, password: fixtures::LINKTOR_PASSWORD }),
    webhook_secret: Some(fixtures::LINKTOR_WEBHOOK_SECRET),
    ..Credentials::of_key(fixtures::LINKTOR_API_KEY)
};

static LINKIT: Credentials = Credentials {
    access_token: Some(fixtures::LINKIT_ACCESS_TOKEN),
    expired_token: Some(fixtures::LINKIT_EXPIRED_TOKEN),
    organization: Some(fixtures::LINKIT_ORGANIZATION),
    user: Some(User { email: fixtures::LINKIT_EMAIL, password: fixtures::LINKIT_PASSWORD }),
    ..Credentials::of_key(fixtures::LINKIT_API_KEY)
};

static LIBROMI: Credentials = Credentials {
    read_only_key: Some(fixtures::LIBROMI_READ_ONLY_KEY),
    webhook_secret: Some(fixtures::LIBROMI_WEBHOOK_SECRET),
    ..Credentials::of_key(fixtures::LIBROMI_API_KEY)
};

static API_V2: Credentials = Credentials {
    access_token: Some(fixtures::API_V2_ACCESS_TOKEN),
    expired_token: Some(fixtures::API_V2_EXPIRED_TOKEN),
    refresh_token: Some(fixtures::API_V2_REFRESH_TOKEN),
    client: Some(Client {
        id: fixtures::API_V2_CLIENT_ID,
        secret: fixtures::API_V2_CLIENT_SECRET,
        redirect_uri: fixtures::API_V2_REDIRECT_URI,
    }),
    jwt_secret: Some(fixtures::API_V2_JWT_SECRET),
    webhook_secret: Some(fixtures::API_V2_WEBHOOK_SECRET),
    ..Credentials::of_key(fixtures::API_V2_API_KEY)
};

static API_V1: Credentials = Credentials {
    access_token: Some(fixtures::API_V1_ACCESS_TOKEN),
    expired_token: Some(fixtures::API_V1_EXPIRED_TOKEN),
    refresh_token: Some(fixtures::API_V1_REFRESH_TOKEN),
    client: Some(Client {
        id: fixtures::API_V1_CLIENT_ID,
        secret: fixtures::API_V1_CLIENT_SECRET,
        redirect_uri: fixtures::API_V1_REDIRECT_URI,
    }),
    webhook_secret: Some(fixtures::API_V1_WEBHOOK_SECRET),
    ..Credentials::of_key(fixtures::API_V1_API_KEY)
};

impl Credentials {
    const fn of_key(api_key: &'static str) -> Self {
        Self {
            api_key,
            read_only_key: None,
            access_token: None,
            expired_token: None,
            refresh_token: None,
            organization: None,
            user: None,
            client: None,
            jwt_secret: None,
            webhook_secret: None,
        }
    }
}

impl Family {
    pub(crate) fn credentials(self) -> &'static Credentials {
        match self {
            Self::Linktor => &LINKTOR,
            Self::Linkit => &LINKIT,
            Self::Libromi => &LIBROMI,
            Self::ApiV2 => &API_V2,
            Self::ApiV1 => &API_V1,
        }
    }
}
