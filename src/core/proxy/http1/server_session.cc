#include "core/proxy/http1/server_session.h"

namespace hitless::proxy::http1 {
namespace {

/// What may be taken from a connection before it has been passed on.
constexpr std::size_t kWindow = kHighWater;

}  // namespace

ServerSession::ServerSession(Options options, ServerEvents& events)
    : options_(std::move(options)), events_(events), body_(options_.limits) {}

bool ServerSession::reads() const {
  switch (state_) {
    case State::kHead:
      return !clientEnded_;
    case State::kBody:
    case State::kTunnel:
      return unconsumed_ < kWindow && !clientEnded_;
    case State::kWaiting:
      // A client that has gone is worth knowing of, but its next requests can wait.
      return input_.size() < kWindow && !clientEnded_;
    case State::kOver:
      return false;
  }
  return false;
}

void ServerSession::receive(std::string_view bytes) {
  if (working_) {
    return;
  }
  working_ = true;
  work(bytes);
  working_ = false;
}

/// Events may answer a request before this returns, so that the next one can begin: hence a loop.
void ServerSession::work(std::string_view bytes) {
  bytes = input_.with(bytes);
  bool goesOn = true;
  while (goesOn) {
    switch (state_) {
      case State::kHead:
        goesOn = takeHead(bytes);
        break;
      case State::kBody:
      case State::kTunnel:
        goesOn = takeBody(bytes);
        break;
      case State::kWaiting:
        goesOn = false;
        break;
      case State::kOver:
        bytes = {};
        goesOn = false;
        break;
    }
  }
  input_.keep(bytes);
}

bool ServerSession::takeHead(std::string_view& bytes) {
  bytes.remove_prefix(emptyLines(bytes));
  if (bytes.empty()) {
    headEnd_.reset();
    if (clientEnded_) {
      over();
    }
    return false;
  }
  const HeadEnd::State end = headEnd_.look(bytes);
  if (end == HeadEnd::State::kBareLineFeed) {
    refuse({400, "http1.codec_error"});
    return true;
  }
  if (headEnd_.size() > options_.limits.bytes) {
    refuse({431, "http1.headers_too_large"});
    return true;
  }
  if (end == HeadEnd::State::kIncomplete) {
    if (clientEnded_) {
      over();
    }
    return false;
  }
  const std::string_view head = bytes.substr(0, headEnd_.size());
  headEnd_.reset();
  auto request = readRequest(head, options_.limits, options_.scheme);
  bytes.remove_prefix(head.size());
  if (!request) {
    refuse(request.error());
  } else {
    begin(*std::move(request));
  }
  return true;
}

void ServerSession::begin(Request request) {
  ++stream_;
  open_ = true;
  responded_ = false;
  closeSaid_ = false;
  unconsumed_ = 0;
  keepAlive_ = request.keepAlive;
  headRequest_ = request.head.method == "HEAD";
  upgradeAsked_ = !request.head.upgrade.empty();
  clientVersion_ = request.head.version;
  body_.begin(request.framing);
  const bool end = body_.done();
  // Who asks for an upgrade sends nothing of the new protocol before the answer, so the request is
  // over for as long; its stream is not.
  state_ = end ? State::kWaiting : State::kBody;
  events_.request(stream_, std::move(request.head), end && !upgradeAsked_);
}

bool ServerSession::takeBody(std::string_view& bytes) {
  switch (body_.next(bytes)) {
    case BodyReader::Event::kMore:
      return false;
    case BodyReader::Event::kData: {
      const std::string_view data = body_.data();
      const bool end = body_.done();
      unconsumed_ += data.size();
      if (end) {
        requestOver();
      }
      events_.data(stream_, data, end);
      return state_ != State::kOver && unconsumed_ < kWindow;
    }
    case BodyReader::Event::kEnd: {
      requestOver();
      Fields trailers = body_.takeTrailers();
      if (trailers.empty()) {
        events_.data(stream_, {}, true);
      } else {
        events_.trailers(stream_, std::move(trailers));
      }
      return true;
    }
    case BodyReader::Event::kBad:
      refuse(body_.refusal());
      return true;
  }
  return false;
}

/// The request has been taken whole.
void ServerSession::requestOver() {
  if (state_ == State::kBody) {
    state_ = State::kWaiting;
  }
}

/// Answers in place of whoever would have.
void ServerSession::refuse(const Refusal& refusal) {
  state_ = State::kOver;
  events_.refused(refusal.status, refusal.details);
  const bool begun = open_;
  const bool answerable = !begun || !responded_;
  open_ = false;
  if (answerable) {
    ResponseHead head;
    head.status = refusal.status;
    writeResponse(head, true, {HttpVersion::k11, headRequest_ && begun, true}, output_.text());
  }
  if (begun) {
    events_.reset(stream_, StreamError::kProtocol);
  }
}

void ServerSession::receiveEnd() {
  if (clientEnded_) {
    return;
  }
  clientEnded_ = true;
  switch (state_) {
    case State::kHead:
      receive({});
      break;
    case State::kBody:
      if (!input_.empty()) {
        clientEnded_ = false;
        endPending_ = true;  // what came before the end has not been looked at
        break;
      }
      over();
      events_.reset(stream_, StreamError::kConnectionEnded);
      break;
    case State::kTunnel:
      events_.data(stream_, {}, true);
      break;
    case State::kWaiting:  // It may have closed its half only: the response is still owed.
    case State::kOver:
      break;
  }
}

void ServerSession::respond(StreamId stream, const ResponseHead& head, bool end) {
  if (!current(stream)) {
    return;
  }
  if (head.status < 200 && head.status != 101) {
    if (clientVersion_ == HttpVersion::k11) {
      writeResponse(head, true, {}, output_.text());
    }
    return;
  }
  responded_ = true;
  // With a request still under way there is no telling where the next one would begin.
  closeSaid_ = leaving_ || !keepAlive_ || clientEnded_ || (end && state_ == State::kBody);
  written_ = writeResponse(head, end, {clientVersion_, headRequest_, closeSaid_}, output_.text());
  if (written_ == WrittenBody::kTunnel) {
    state_ = State::kTunnel;
    keepAlive_ = false;
    body_.begin({Framing::Kind::kTunnel, 0});
    receive({});
    return;
  }
  if (end) {
    responseOver();
  }
}

void ServerSession::send(StreamId stream, std::string_view bytes, bool end) {
  if (!current(stream)) {
    return;
  }
  if (!headRequest_) {
    output_.body(bytes, written_);
  }
  full_ = full_ || output_.size() > kHighWater;
  if (end) {
    if (!headRequest_) {
      output_.end(written_);
    }
    responseOver();
  }
}

void ServerSession::sendTrailers(StreamId stream, const Fields& trailers) {
  if (!current(stream)) {
    return;
  }
  if (!headRequest_) {
    output_.end(written_, trailers);
  }
  responseOver();
}

void ServerSession::responseOver() {
  open_ = false;
  const bool whole = state_ == State::kWaiting;
  const bool ends = closeSaid_ || !keepAlive_ || !whole || written_ == WrittenBody::kUntilEnd;
  state_ = ends ? State::kOver : State::kHead;
  if (!ends && (!input_.empty() || clientEnded_)) {
    receive({});  // what the client has sent ahead
  }
}

void ServerSession::over() {
  state_ = State::kOver;
  open_ = false;
}

void ServerSession::reset(StreamId stream, StreamError) {
  if (current(stream)) {
    // What was begun and is not ended must not look whole: without the last chunk, or short of its
    // length, the client notices.
    over();
  }
}

void ServerSession::consumed(StreamId stream, std::size_t bytes) {
  if (stream != stream_) {
    return;
  }
  const bool waited = unconsumed_ >= kWindow;
  unconsumed_ -= std::min(bytes, unconsumed_);
  if (waited && unconsumed_ < kWindow && !input_.empty()) {
    receive({});
    if (endPending_ && input_.empty()) {
      receiveEnd();
    }
  }
}

void ServerSession::wrote(std::size_t count) {
  output_.wrote(count);
  if (full_ && output_.size() <= kLowWater) {
    full_ = false;
    if (open_) {
      events_.drained(stream_);
    }
  }
}

}  // namespace hitless::proxy::http1
