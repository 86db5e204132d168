//! Names that mean the same everywhere: cookies that tell nobody apart, form fields that are drawn anew
//! for each attempt, and headers that make another request. The policy's reference prints these lists,
//! with why each name is on them and how to do without.
//!
//! 1. A name is on a list only if a well-known tool has given it that meaning. What an application might
//!    use for something of its own is on none: a list that is too short costs a retry its answer, one
//!    that is too long could take two people for one.
//! 2. A star in a cookie's name stands for any characters, such as the number of an account.
//! 3. The lists are constants: why each is there is dropped where only the names are used.

/// Names that are on a list for one reason.
#[derive(Clone, Copy)]
pub struct Group {
    pub names: &'static [&'static str],
    pub why: &'static str,
}

const fn group(names: &'static [&'static str], why: &'static str) -> Group {
    Group { names, why }
}

/// Cookies that do not count as a credential under `credential = "auto"`.
pub const COOKIES: [Group; 6] = [
    group(
        &[
            "_ga",
            "_ga_*",
            "_gid",
            "_gat",
            "_gat_*",
            "_dc_gtm_*",
            "_gac_*",
            "_gcl_*",
            "__utma",
            "__utmb",
            "__utmc",
            "__utmt",
            "__utmv",
            "__utmz",
            "__gads",
            "__gpi",
            "__eoi",
            "FPID",
            "FPLC",
            "_fbp",
            "_fbc",
            "_hj*",
            "_clck",
            "_clsk",
            "_uetsid",
            "_uetvid",
            "_ttp",
            "ttcsid",
            "ttcsid_*",
            "cto_bundle",
            "_scid",
            "_rdt_uuid",
            "_pin_unauth",
            "_pk_id.*",
            "_pk_ref.*",
            "_pk_ses.*",
            "_sp_id.*",
            "_sp_ses.*",
            "_hp2_*",
            "mp_*_mixpanel",
            "ajs_anonymous_id",
            "ajs_group_id",
            "ajs_user_id",
            "amplitude_id*",
            "AMP_MKTG_*",
            "ph_phc_*",
            "hubspotutk",
            "__hstc",
            "__hssc",
            "__hssrc",
            "__kla_id",
            "_vwo_*",
            "_vis_opt_*",
            "optimizelyEndUserId",
            "optimizelySession",
            "_dd_s",
            "ai_user",
            "ai_session",
            "dtCookie",
            "dtLatC",
            "dtPC",
            "dtSa",
            "rxVisitor",
            "rxvt",
            "utag_main*",
            "sbjs_*",
            "mbox",
            "gpv_pn",
            "s_cc",
            "s_nr",
            "s_ppv",
            "s_sq",
            "s_vi",
            "AMCV_*",
            "AMCVS_*",
            "kndctr_*",
            "_shopify_s",
            "_shopify_sa_p",
            "_shopify_sa_t",
            "_shopify_y",
        ],
        "Analytics, advertising and error tracking write them while a page is open, between two clicks of one person.",
    ),
    group(
        &[
            "OptanonConsent",
            "OptanonAlertBoxClosed",
            "CookieConsent",
            "euconsent-v2",
            "usprivacy",
            "didomi_token",
            "cookieyes-consent",
            "cookielawinfo-*",
            "cmplz_*",
            "_iub_cs-*",
            "FCCDCF",
            "FCNEC",
            "_tracking_consent",
        ],
        "Consent tools write them when a banner is answered, which is often after the first click.",
    ),
    group(
        &[
            "__cf_bm",
            "cf_clearance",
            "cf_chl_*",
            "_cfuvid",
            "__cfruid",
            "_abck",
            "ak_bmsc",
            "bm_lso",
            "bm_mi",
            "bm_s",
            "bm_so",
            "bm_ss",
            "bm_sv",
            "bm_sz",
            "_px",
            "_px2",
            "_px3",
            "_pxde",
            "_pxhd",
            "_pxvid",
            "pxcts",
            "datadome",
            "incap_ses_*",
            "visid_incap_*",
            "nlbi_*",
            "reese84",
            "___utmvc",
            "aws-waf-token",
            "_GRECAPTCHA",
            "TS01*",
        ],
        "Checks for bots renew them every few minutes, some with every answer.",
    ),
    group(
        &["XSRF-TOKEN", "csrftoken", "_csrf", "__RequestVerificationToken*"],
        "A token against forged requests tells nobody apart beside the session that it belongs to, and frameworks draw it anew, some with every answer.",
    ),
    group(
        &["__stripe_mid", "__stripe_sid"],
        "The fraud checks of a payment page tell a browser by them, not a customer, and renew them.",
    ),
    group(
        &[
            "__cflb",
            "AWSALB",
            "AWSALBCORS",
            "AWSALBTG",
            "AWSALBTGCORS",
            "AWSELB",
            "AWSELBCORS",
            "ARRAffinity",
            "ARRAffinitySameSite",
            "ApplicationGatewayAffinity",
            "ApplicationGatewayAffinityCORS",
            "GCLB",
            "BIGipServer*",
            "INGRESSCOOKIE",
        ],
        "Load balancers name a server by them, and some name it anew with every answer.",
    ),
];

/// Form fields that `fingerprint = "auto"` leaves out.
/// A name with brackets counts by its last part.
///
/// `www/client/form-request.js` has the same names: a form's key stays where the guard finds it the same.
pub const FORM_FIELDS: [Group; 3] = [
    group(
        &[
            "authenticity_token",
            "csrfmiddlewaretoken",
            "_token",
            "__RequestVerificationToken",
            "csrf",
            "_csrf",
            "_csrf_token",
            "_csrfToken",
            "csrf_test_name",
            "csrf_token",
            "csrf-token",
            "csrfToken",
            "CSRFToken",
            "YII_CSRF_TOKEN",
            "_xsrf",
            "_wpnonce",
            "form_build_id",
            "form_token",
            "form_key",
        ],
        "A token against forged requests is drawn anew for each page, and often for each form.",
    ),
    group(
        &["__VIEWSTATE", "__VIEWSTATEGENERATOR", "__EVENTVALIDATION", "javax.faces.ViewState"],
        "ASP.NET Web Forms and Faces keep a page's own state in them, sealed or numbered anew for each load.",
    ),
    group(
        &[
            "g-recaptcha-response",
            "cf-turnstile-response",
            "h-captcha-response",
            "frc-captcha-solution",
            "frc-captcha-response",
            "mcaptcha__token",
            "smart-token",
        ],
        "A CAPTCHA's answer is good for one attempt, so a retry has another.",
    ),
];

/// Headers that make another request under `fingerprint_headers = "auto"`, in lower case.
pub const REQUEST_HEADERS: [Group; 6] = [
    group(
        &["x-http-method-override", "x-http-method", "x-method-override"],
        "Servers take the method from them: the same POST is a PUT with one and a DELETE with another.",
    ),
    group(
        &["x-original-url", "x-rewrite-url"],
        "Some frameworks take the path from them: the same POST is one to another address.",
    ),
    group(
        &["soapaction", "x-amz-target", "x-restli-method"],
        "They name the operation where all of an API's operations share one path.",
    ),
    group(
        &["dropbox-api-arg", "destination", "upload-offset"],
        "They say what becomes of the body, or of what the path names: Dropbox's arguments, the target of a copy (RFC 4918 section 10.3), the place of a piece of an upload (tus).",
    ),
    group(
        &[
            "stripe-account",
            "stripe-context",
            "openai-organization",
            "openai-project",
            "paypal-auth-assertion",
            "x-goog-user-project",
            "xero-tenant-id",
            "x-tenant",
            "x-tenant-id",
            "x-organization-id",
            "x-org-id",
            "x-account-id",
            "x-workspace-id",
            "x-merchant-id",
            "wix-site-id",
        ],
        "They name the account that one credential acts for: with another one the request is another customer's.",
    ),
    group(
        &[
            "dropbox-api-select-user",
            "dropbox-api-select-admin",
            "as-user",
            "impersonate-user",
            "x-on-behalf-of",
        ],
        "They name the person whom one credential acts for: with another one the request is another person's.",
    ),
];

/// A list without its prose.
macro_rules! names_of {
    ($groups:ident) => {{
        let mut names: [&[&str]; $groups.len()] = [&[]; $groups.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = $groups[at].names;
            at += 1;
        }
        names
    }};
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "this runs in the compiler"
)]
static COOKIE_NAMES: [&[&str]; COOKIES.len()] = names_of!(COOKIES);
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "this runs in the compiler"
)]
static FORM_FIELD_NAMES: [&[&str]; FORM_FIELDS.len()] = names_of!(FORM_FIELDS);
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "this runs in the compiler"
)]
static REQUEST_HEADER_NAMES: [&[&str]; REQUEST_HEADERS.len()] = names_of!(REQUEST_HEADERS);

/// Whether a cookie tells nobody apart.
pub fn is_ignored_cookie(name: &str) -> bool {
    let is_it = |known: &&str| match known.split_once('*') {
        Some((begin, end)) => name.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end)),
        None => name == *known,
    };
    COOKIE_NAMES.iter().flat_map(|names| names.iter()).any(is_it)
}

/// No field on the list has a shorter name: a body may hold millions of those that do.
const SHORTEST_FIELD: usize = 4;

/// Whether a form's field is drawn anew for each attempt.
pub fn is_ignored_field(name: &[u8]) -> bool {
    let name = last_part(name);
    name.len() >= SHORTEST_FIELD
        && FORM_FIELD_NAMES
            .iter()
            .flat_map(|names| names.iter())
            .any(|known| known.as_bytes() == name)
}

/// `_token` of `order[_token]`, as PHP and Rails name the members of a form.
fn last_part(name: &[u8]) -> &[u8] {
    let inner = name.strip_suffix(b"]").unwrap_or(name);
    inner.rsplit(|byte| *byte == b'[').next().unwrap_or(inner)
}

/// Those of them that name the account or the person whom a credential acts for.
pub fn tenant_headers() -> impl Iterator<Item = &'static str> {
    REQUEST_HEADER_NAMES.iter().skip(BEFORE_TENANTS).flat_map(|names| names.iter().copied())
}

/// How many groups say something else.
const BEFORE_TENANTS: usize = 4;

/// The headers that make another request.
pub fn request_headers() -> impl Iterator<Item = &'static str> {
    REQUEST_HEADER_NAMES.iter().flat_map(|names| names.iter().copied())
}
