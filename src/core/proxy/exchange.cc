#include "core/proxy/exchange.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/proxy/local_reply.h"
#include "core/proxy/routing/edits.h"

/// The way of a request; that of its response is in exchange_response.cc.
namespace hitless::proxy {
namespace {

bool isGrpc(const RequestHead& head) {
  const auto type = head.fields.find("content-type");
  return type && type->starts_with("application/grpc");
}

std::string valueOf(const Fields& fields, std::string_view name) {
  return std::string(fields.find(name).value_or(std::string_view{}));
}

/// The lowest digits of `value`, in base 16.
void writeHex(std::span<char> to, std::uint64_t value) {
  for (std::size_t i = to.size(); i > 0; --i, value >>= 4) {
    to[i - 1] = "0123456789abcdef"[value & 15];
  }
}

/// RFC 9562 4: 122 random bits. Every request without an identifier gets one, so this uses no
/// general formatting.
std::string randomUuid(Rng& rng) {
  const std::uint64_t high = rng.next();
  const std::uint64_t low = rng.next();
  std::string uuid = "00000000-0000-4000-0000-000000000000";
  const std::span<char> text = uuid;
  writeHex(text.subspan(0, 8), high >> 32);
  writeHex(text.subspan(9, 4), high >> 16);
  writeHex(text.subspan(15, 3), high);
  writeHex(text.subspan(19, 4), ((low >> 48) & 0x3fff) | 0x8000);
  writeHex(text.subspan(24, 12), low);
  return uuid;
}

/// Clients of HTTP/2 send none (RFC 8441 5), servers of HTTP/1.1 want one (RFC 6455 4.1): 16 bytes
/// in base64.
std::string websocketKey(Rng& rng) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string key;
  for (int i = 0; i < 21; ++i) {
    key.push_back(kDigits[rng.below(64)]);
  }
  key.push_back("AQgw"[rng.below(4)]);  // of the last digit two bits count
  return key + "==";
}

}  // namespace

Exchange::Exchange(const ExchangeContext& context, ExchangeOwner& owner, StreamId stream)
    : context_(context), owner_(owner), stream_(stream), started_(context.clock.mono()) {
  context_.budget.requestBegan();
}

Exchange::~Exchange() {
  if (replaying_) {
    context_.budget.give();
  }
  context_.budget.requestEnded();
}

void Exchange::note(const RequestHead& head) {
  record_.start = context_.clock.wall();
  record_.listener = owner_.info().listener;
  record_.method = head.method;
  record_.path = head.path;
  record_.authority = head.authority;
  record_.version = head.version;
  record_.userAgent = valueOf(head.fields, "user-agent");
  record_.forwardedFor = valueOf(head.fields, "x-forwarded-for");
  record_.requestId = valueOf(head.fields, "x-request-id");
  record_.downstreamLocal = owner_.info().local;
  record_.downstreamRemote = owner_.info().remote;
  record_.serverName = owner_.info().serverName;
  record_.grpc = isGrpc(head);
}

void Exchange::request(RequestHead head, bool end) {
  head_ = std::move(head);
  requestEnded_ = end;
  note(head_);
  if (head_.method == "CONNECT" && head_.upgrade.empty()) {
    return answer(connectRefused());
  }
  routed_ = owner_.route(head_);
  if (routed_.routes == nullptr) {
    return answer(noRoute());
  }
  const Listener& listener = routed_.routes->listener();
  if (routed_.match.rule == nullptr) {
    return answer(noRoute());
  }
  record_.route = routed_.match.rule->name;
  if (const auto direct = routing::directAnswer(routed_.match, head_, listener.port)) {
    return answerDirectly(*direct);
  }
  if (routed_.match.rule->timeout > nanoseconds::zero()) {
    deadline_ = started_ + routed_.match.rule->timeout;
  }
  forwardHead();
}

void Exchange::answerDirectly(const ResponseHead& head) {
  record_.status = head.status;
  record_.details = "direct_response";
  responseBegun_ = true;
  owner_.session().respond(stream_, head, true);
  finish();
}

/// Chooses among the rule's backends and makes the head that they get.
void Exchange::forwardHead() {
  const RouteRule& rule = *routed_.match.rule;
  backend_ = routing::backendFor(rule, context_.rng.next());
  const auto& clusters = routed_.table->clusters;
  const auto found = backend_ == nullptr ? clusters.end() : clusters.find(backend_->cluster);
  if (found == clusters.end()) {
    return answer(noCluster());
  }
  cluster_ = found->second;
  record_.cluster = cluster_->name;
  addForwarded();
  routing::edit(head_, rule.requestEdits);
  routing::edit(head_, backend_->requestEdits);
  if (rule.rewrite) {
    routing::rewrite(head_, *rule.rewrite, routed_.match.match);
  }
  startCall();
}

void Exchange::addForwarded() {
  if (record_.requestId.empty()) {
    record_.requestId = randomUuid(context_.rng);
    head_.fields.add("x-request-id", record_.requestId);
  }
  if (head_.upgrade == "websocket" && !head_.fields.find("sec-websocket-key")) {
    head_.fields.add("sec-websocket-key", websocketKey(context_.rng));
  }
  if (!context_.edge) {
    return;
  }
  const std::string client = owner_.info().remote.ip.text();
  const auto before = head_.fields.joined("x-forwarded-for");
  record_.forwardedFor = before ? *before + ", " + client : client;
  head_.fields.set("x-forwarded-for", record_.forwardedFor);
  head_.fields.set("x-forwarded-proto", head_.scheme);
}

void Exchange::startCall() {
  state_ = State::kConnecting;
  ++record_.attempts;
  nextCall_.reset();
  refreshCluster();
  CallSpec spec;
  spec.cluster = cluster_;
  spec.downstream = owner_.info().version;
  spec.originalDestination = owner_.info().local;
  spec.avoid = avoid_;
  if (routed_.match.rule->attemptTimeout > nanoseconds::zero()) {
    attemptDeadline_ = context_.clock.mono() + routed_.match.rule->attemptTimeout;
  }
  armTimeout();
  call_.reset();  // before another begins: what it frees may be what that one waits for
  call_ = context_.upstreams.call(spec, *this);
  if (call_->ready()) {
    connected();
  }
}

/// Upstreams come and go while a request is tried; its route stays.
void Exchange::refreshCluster() {
  if (record_.attempts > 1) {
    if (auto now = owner_.cluster(cluster_->name)) {
      cluster_ = std::move(now);
    }
  }
}

void Exchange::armTimeout() {
  constexpr MonoTime kNever = MonoTime::max();
  const MonoTime first = std::min(
      {deadline_.value_or(kNever), attemptDeadline_.value_or(kNever), nextCall_.value_or(kNever)});
  if (first != kNever) {
    owner_.wakeAt(stream_, first);
  }
}

/// Every upstream that is known has failed the request. That others are there now may be news that
/// is on its way; at the edge there is nobody else who could wait for it. False: it has been waited
/// for long enough.
bool Exchange::startCallLater() {
  constexpr nanoseconds kFirst = milliseconds(10);
  constexpr unsigned kMostRounds = 6;  // 10 ms, 20 ms ... 320 ms: 0.63 s in all
  if (rounds_ == kMostRounds) {
    return false;
  }
  avoid_.clear();
  state_ = State::kConnecting;
  call_.reset();
  attemptDeadline_.reset();
  nextCall_ = context_.clock.mono() + kFirst * (1U << rounds_++);
  armTimeout();
  return true;
}

void Exchange::connected() {
  state_ = State::kOpen;
  const CallPlace& place = call_->place();
  record_.upstream = place.upstream;
  record_.upstreamLocal = place.local;
  record_.upstreamPod = place.pod;
  callStarted_ = context_.clock.mono();
  const bool more = !body_.empty() || trailers_.has_value();
  call_->open(head_, requestEnded_ && !more);
  if (!body_.empty()) {
    call_->send(body_, requestEnded_ && !trailers_);
  }
  if (trailers_) {
    call_->sendTrailers(*trailers_);
  }
  settleClient(std::exchange(owedToClient_, 0));
}

/// The client may send more when the upstream's side has taken what came.
void Exchange::settleClient(std::size_t bytes) {
  if (state_ != State::kOpen || call_->queued() > kHighWater) {
    owedToClient_ += bytes;
  } else if (bytes > 0) {
    owner_.session().consumed(stream_, bytes);
    owner_.flush();  // the client's window
  }
}

/// While no connection is there everything is kept: the client's window bounds it.
void Exchange::keep(std::string_view bytes) {
  if (!bodyKept_) {
    return;
  }
  if (state_ == State::kOpen && (responseBegun_ || body_.size() + bytes.size() > kKeptBody)) {
    forgetBody();
  } else {
    body_.append(bytes);
  }
}

void Exchange::forgetBody() {
  bodyKept_ = false;
  std::string().swap(body_);
}

void Exchange::data(std::string_view bytes, bool end) {
  if (state_ == State::kOver) {
    return;
  }
  record_.bytesReceived += bytes.size();
  requestEnded_ = requestEnded_ || end;
  keep(bytes);
  if (end && record_.status == 101) {
    return endTunnel(bytes);
  }
  if (state_ == State::kOpen) {
    call_->send(bytes, end);
  }
  if (state_ != State::kOver) {
    settleClient(bytes.size());
  }
}

/// Either half's end is that of both: HTTP/2 and TLS have no other.
void Exchange::endTunnel(std::string_view last) {
  call_->send(last, false);
  owner_.session().send(stream_, {}, true);
  finish();
}

void Exchange::trailers(Fields trailers) {
  if (state_ == State::kOver) {
    return;
  }
  requestEnded_ = true;
  trailers_ = std::move(trailers);
  if (state_ == State::kOpen) {
    call_->sendTrailers(*trailers_);
  }
}

void Exchange::reset(StreamError error) {
  if (state_ == State::kOver) {
    return;
  }
  const bool broken = error == StreamError::kProtocol;
  record_.flags = record_.flags | (broken ? Flag::kDownstreamProtocolError
                                          : Flag::kDownstreamConnectionTermination);
  record_.details = broken ? "downstream_protocol_error" : "downstream_remote_disconnect";
  finish();
}

void Exchange::callDrained() {
  settleClient(std::exchange(owedToClient_, 0));
}

void Exchange::drained() {
  if (call_ != nullptr && owedToCall_ > 0) {
    call_->consumed(std::exchange(owedToCall_, 0));
  }
}

}  // namespace hitless::proxy
