#include <algorithm>

#include "base/text.h"
#include "core/proxy/exchange.h"
#include "core/proxy/local_reply.h"
#include "core/proxy/routing/edits.h"

/// The way of a response, and what is done when there is none.
namespace hitless::proxy {
namespace {

constexpr int kGrpcUnknown = 2;

std::optional<int> grpcStatusIn(const Fields& fields) {
  const auto text = fields.find("grpc-status");
  if (!text) {
    return std::nullopt;
  }
  return static_cast<int>(parseUint(*text).value_or(kGrpcUnknown));
}

}  // namespace

void Exchange::interim(ResponseHead head) {
  head.fields.erase(kNotDeliveredHeader);
  owner_.session().respond(stream_, head, false);
  owner_.flush();
}

void Exchange::noteResponse(const ResponseHead& head) {
  record_.status = head.status;
  record_.details = "via_upstream";
  record_.upstreamTime = context_.clock.mono() - callStarted_;
  if (record_.grpc) {
    record_.grpcStatus = grpcStatusIn(head.fields);
  }
}

/// Answers that stand for a failure. They have come whole enough to know that.
bool Exchange::retryAfter(const ResponseHead& head) {
  CallFailure failure;
  // Behind a sidecar there is an application, which could say anything.
  if (context_.edge && head.fields.find(kNotDeliveredHeader)) {
    failure.failure.cause = FailureCause::kNotDelivered;
  } else if (std::find(routed_.match.rule->retry.statuses.begin(),
                       routed_.match.rule->retry.statuses.end(),
                       head.status) != routed_.match.rule->retry.statuses.end()) {
    failure.failure.cause = FailureCause::kStatus;
  } else {
    return false;
  }
  return again(failure);
}

void Exchange::response(ResponseHead head, bool end) {
  if (retryAfter(head)) {
    return;
  }
  attemptDeadline_.reset();
  responseBegun_ = true;
  forgetBody();
  noteResponse(head);
  head.fields.erase(kNotDeliveredHeader);
  routing::edit(head, routed_.match.rule->responseEdits);
  routing::edit(head, backend_->responseEdits);
  owner_.session().respond(stream_, head, end);
  if (end) {
    return finish();
  }
  if (head.status == 101) {
    owner_.upgraded();
  }
  owner_.flush();
}

void Exchange::responseData(std::string_view bytes, bool end) {
  record_.bytesSent += bytes.size();
  ServerSession& session = owner_.session();
  session.send(stream_, bytes, end);
  if (end) {
    return finish();
  }
  if (session.queued(stream_) > kHighWater) {
    owedToCall_ += bytes.size();
  } else {
    call_->consumed(bytes.size());
  }
  owner_.flush();
}

void Exchange::responseTrailers(Fields trailers) {
  trailers.erase(kNotDeliveredHeader);
  if (const auto status = grpcStatusIn(trailers); record_.grpc && status) {
    record_.grpcStatus = status;
  }
  owner_.session().sendTrailers(stream_, trailers);
  finish();
}

// --- failures ------------------------------------------------------------------------------------

void Exchange::failed(const CallFailure& failure) {
  if (failure.kind == CallFailure::Kind::kFailed && again(failure)) {
    return;
  }
  giveUp(failure);
}

/// Starts another try if that is allowed.
bool Exchange::again(const CallFailure& failure) {
  RequestFacts facts;
  facts.method = record_.method;
  facts.idempotencyKey = head_.fields.find("idempotency-key").has_value();
  facts.bodyKept = bodyKept_;
  facts.responseBegun = responseBegun_;
  facts.upgradeBegun = record_.status == 101;
  facts.attempts = record_.attempts;
  const ReplayDecision decision =
      decide(failure.failure, facts, routed_.match.rule->retry, context_.budget);
  record_.flags |= decision.flags;
  if (state_ == State::kOpen && !isProof(decision.reason)) {
    delivered_ = failure;
  }
  if (!decision.replay) {
    record_.notReplayed = decision.reason;
    return false;
  }
  if (replaying_) {
    context_.budget.give();
  }
  replaying_ = decision.tookBudget;
  if (decision.avoidUpstream && call_ != nullptr) {  // none is under way between rounds
    avoid_.push_back(call_->place().upstream);
  }
  owedToCall_ = 0;
  record_.replays.push_back(decision.reason);
  if (!context_.edge || avoid_.size() < cluster_->upstreams.size()) {
    startCall();
  } else if (!startCallLater()) {
    record_.replays.pop_back();
    record_.notReplayed = ReplayReason::kAttemptsUsedUp;
    return false;
  }
  return true;
}

/// If there was no other upstream to turn to, what matters is what happened at the first.
void Exchange::giveUp(const CallFailure& last) {
  const bool nobodyElse = state_ == State::kConnecting && delivered_.has_value();
  const CallFailure& failure = nobodyElse ? *delivered_ : last;
  switch (failure.kind) {
    case CallFailure::Kind::kNoUpstream:
      return answer(noUpstream());
    case CallFailure::Kind::kOverflow:
      return answer(overflow());
    case CallFailure::Kind::kFailed:
      break;
  }
  record_.transportFailure = failure.text;
  LocalAnswer local = localAnswer(failure.failure.cause, failure.text, responseBegun_);
  if (responseBegun_) {
    return cutResponse(local);
  }
  answer(std::move(local));
}

/// In place of a response. Whether a byte of the request may have reached an upstream is known
/// here and nowhere else, so it is said to whoever asked us, if that may be a proxy.
void Exchange::answer(LocalAnswer local) {
  const bool notDelivered =
      state_ != State::kOpen && !delivered_ && local.status == 503 && !context_.edge;
  record_.flags |= local.flags;
  record_.details = std::move(local.details);
  record_.status = local.status;
  responseBegun_ = true;
  if (record_.grpc) {
    record_.grpcStatus = grpcStatusOf(local.status);
    record_.status = 200;
  }
  record_.bytesSent += sendAnswer(owner_.session(), stream_, local,
                                  {record_.method == "HEAD", record_.grpc, notDelivered});
  finish();
}

void Exchange::cutResponse(const LocalAnswer& why) {
  record_.flags |= why.flags;
  record_.details = why.details;
  owner_.session().reset(stream_, StreamError::kInternal);
  finish();
}

void Exchange::timeout() {
  const MonoTime now = context_.clock.mono();
  if (state_ == State::kOver || record_.status == 101) {
    return;  // an upgraded connection lasts as long as it does
  }
  if (nextCall_ && *nextCall_ <= now && (!deadline_ || *deadline_ > now)) {
    return startCall();
  }
  CallFailure failure;
  if (deadline_ && *deadline_ <= now) {
    failure.failure.cause = FailureCause::kRequestTimeout;
  } else if (attemptDeadline_ && *attemptDeadline_ <= now && !responseBegun_) {
    failure.failure.cause = FailureCause::kAttemptTimeout;
  } else {
    return armTimeout();
  }
  failed(failure);
}

void Exchange::idle() {
  if (state_ != State::kOver) {
    CallFailure failure;
    failure.failure.cause = FailureCause::kIdleTimeout;
    failed(failure);
  }
}

void Exchange::cut() {
  if (state_ == State::kOver) {
    return;
  }
  if (state_ != State::kOpen) {
    return answer(leaving());
  }
  LocalAnswer why = leaving();
  why.details = "cut_at_the_end_of_the_grace_period";
  cutResponse(why);
}

void Exchange::finish() {
  state_ = State::kOver;
  record_.duration = context_.clock.mono() - started_;
  const std::unique_ptr<Call> call = std::move(call_);  // gives up what is left of it
  owner_.flush();
  owner_.over(stream_, record_);
}

}  // namespace hitless::proxy
