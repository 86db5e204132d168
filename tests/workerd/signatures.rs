//! Clients whose Authorization header is another one for each request: their retry is not carried out
//! a second time.

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::check_first;

#[test]
fn a_request_that_is_signed_anew_is_its_owners_retry() {
    let rows = [
        [
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", nc=00000001, response=\"aaaaaaaa\"",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", nc=00000002, response=\"bbbbbbbb\"",
        ],
        [
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=aaaaaaaa",
            "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=bbbbbbbb",
        ],
        [
            "OAuth oauth_consumer_key=\"c\", oauth_token=\"t\", oauth_nonce=\"aaaaaaaa\", oauth_signature=\"aaaaaaaa\"",
            "OAuth oauth_consumer_key=\"c\", oauth_token=\"t\", oauth_nonce=\"bbbbbbbb\", oauth_signature=\"bbbbbbbb\"",
        ],
        [
            "Hawk id=\"i\", ts=\"1\", nonce=\"aaaaaaaa\", mac=\"aaaaaaaa\"",
            "Hawk id=\"i\", ts=\"2\", nonce=\"bbbbbbbb\", mac=\"bbbbbbbb\"",
        ],
        [
            "Signature keyId=\"k\",signature=\"aaaaaaaa\"",
            "Signature keyId=\"k\",signature=\"bbbbbbbb\"",
        ],
        // {"iss":"i","sub":"joe","jti":"1"} and {"iss":"i","sub":"joe","jti":"2"}
        [
            "DPoP e30.eyJpc3MiOiJpIiwic3ViIjoiam9lIiwianRpIjoiMSJ9.YQ",
            "DPoP e30.eyJpc3MiOiJpIiwic3ViIjoiam9lIiwianRpIjoiMiJ9.Yg",
        ],
    ];
    for [first, retry] in rows {
        println!("{first}");
        let guard = Guard::shared(true);
        guard.origin_in_turn([Reply::new(201).body("a secret")]);
        let [first, retry] = [first, retry].map(|authorization| {
            let call = Call::post(&guard.path("/orders")).key(&guard.key()).json("{}");
            call.authorization(authorization)
        });
        check_first(&guard.send(&first), &guard.key());
        problem::check(&guard.send(&retry), "credential-changed");
        guard.check_calls(1);
    }
}
