//! Each mistake, and a setting in which it shows: that it is found shows that the checker looks.

use crate::bugs::Bug::{self, *};
use crate::setting::Setting;
use crate::settings::{
    DECLINED, DERIVED, FORGET, FORGET_AND_DIE, HOLD, RESEND, RETRIES, REUSED, STREAMS,
};

pub const ALL: [(Bug, Setting); 42] = [
    (ClaimAfterAwait, RETRIES),
    (SentBeforeDurable, RETRIES),
    (TimeOutFrees, RETRIES),
    (CrashFrees, RETRIES),
    (LostConnectionFrees, RETRIES),
    (AlarmErases, RETRIES),
    (ReleasedResendFrees, RESEND),
    (OriginRetried, RETRIES),
    (LeaderSendsAgain, RESEND),
    (ResendOnHold, RETRIES),
    (StubRetryResends, RESEND),
    (WaitersResend, RESEND),
    (LateAnswerOverwrites, RESEND),
    (ShownWithoutStored, RESEND),
    (CredentialIgnored, HOLD),
    (ReleaseSharedWithAll, HOLD),
    (FingerprintIgnored, REUSED),
    (RefusalBindsAll, DECLINED),
    (SuccessSuperseded, DECLINED),
    (RequestTold, DECLINED),
    (RefusalCopied, DECLINED),
    (CopyUnchecked, HOLD),
    (CopyWithoutMargin, HOLD),
    (IsolateNeverForgets, FORGET),
    (ForgetWithoutQuarantine, FORGET),
    (ForgetUnconfirmed, FORGET),
    (ForgetBesideCopying, FORGET),
    (AnyAnswerCounts, HOLD),
    (NoAlarm, RETRIES),
    (NoSecondAlarm, RETRIES),
    (AlarmNotMoved, FORGET),
    (CallsNotEnded, RETRIES),
    (LateAnswerAgedEarly, DERIVED),
    (DeadlineUnheard, RETRIES),
    (StreamDoubted, STREAMS),
    (StreamNeverEnded, STREAMS),
    (DeletionTriedOnce, FORGET),
    (WaitersSleep, RETRIES),
    (LeaderSleeps, RETRIES),
    // The platform's.
    (StorageForgets, RETRIES),
    (KvStaleForLong, FORGET),
    (WriteOutlivesInstance, FORGET_AND_DIE),
];
