#include "core/proxy/http1/client_session.h"

#include <algorithm>
#include <utility>

namespace hitless::proxy::http1 {

ClientSession::ClientSession(HeadLimits limits, ClientEvents& events)
    : limits_(limits), events_(events), body_(limits) {}

StreamId ClientSession::open(const RequestHead& head, bool end) {
  ++stream_;
  open_ = true;
  state_ = State::kHead;
  requestDone_ = end;
  unconsumed_ = 0;
  asked_ = {head.method == "HEAD", !head.upgrade.empty()};
  held_.clear();
  heldEnd_ = false;
  written_ = writeRequest(head, end, output_.text());
  return stream_;
}

void ClientSession::send(StreamId stream, std::string_view bytes, bool end) {
  if (!current(stream)) {
    return;
  }
  if (written_ == WrittenBody::kTunnel && state_ == State::kHead) {
    held_.append(bytes);
    heldEnd_ = heldEnd_ || end;
  } else {
    output_.body(bytes, written_);
    if (end) {
      output_.end(written_);
      requestOver();
    }
  }
  full_ = full_ || queued(stream) > kHighWater;
}

void ClientSession::sendTrailers(StreamId stream, const Fields& trailers) {
  if (current(stream)) {
    output_.end(written_, trailers);
    requestOver();
  }
}

void ClientSession::requestOver() {
  requestDone_ = true;
}

void ClientSession::receive(std::string_view bytes) {
  if (working_) {
    return;
  }
  working_ = true;
  work(bytes);
  working_ = false;
  if (std::exchange(freed_, false)) {
    events_.openable();
  }
}

void ClientSession::work(std::string_view bytes) {
  bytes = input_.with(bytes);
  bool goesOn = !bytes.empty();
  while (goesOn) {
    switch (state_) {
      case State::kIdle:
        // An answer to nothing: of what would it be the answer next time?
        if (!bytes.empty()) {
          state_ = State::kOver;
        }
        goesOn = false;
        break;
      case State::kHead:
        goesOn = takeHead(bytes);
        break;
      case State::kBody:
      case State::kTunnel:
        goesOn = takeBody(bytes);
        break;
      case State::kOver:
        bytes = {};
        goesOn = false;
        break;
    }
  }
  input_.keep(bytes);
}

bool ClientSession::takeHead(std::string_view& bytes) {
  const HeadEnd::State end = headEnd_.look(bytes);
  if (end == HeadEnd::State::kBareLineFeed || headEnd_.size() > limits_.bytes) {
    bad();
    return true;
  }
  if (end == HeadEnd::State::kIncomplete) {
    return false;
  }
  const std::string_view head = bytes.substr(0, headEnd_.size());
  headEnd_.reset();
  auto response = readResponse(head, limits_, asked_);
  bytes.remove_prefix(head.size());
  if (!response) {
    bad();
  } else {
    begin(*std::move(response));
  }
  return true;
}

void ClientSession::begin(Response response) {
  const int status = response.head.status;
  if (status < 200 && status != 101) {
    events_.interim(stream_, std::move(response.head));
    return;
  }
  leaving_ = leaving_ || !response.keepAlive;
  body_.begin(response.framing);
  state_ = response.framing.kind == Framing::Kind::kTunnel ? State::kTunnel : State::kBody;
  const StreamId stream = stream_;
  const bool end = body_.done();
  if (end) {
    responseOver();
  }
  if (state_ == State::kTunnel) {
    output_.text().append(held_);
    std::string().swap(held_);
    requestDone_ = requestDone_ || heldEnd_;
  }
  events_.response(stream, std::move(response.head), end);
}

bool ClientSession::takeBody(std::string_view& bytes) {
  const StreamId stream = stream_;
  switch (body_.next(bytes)) {
    case BodyReader::Event::kMore:
      return false;
    case BodyReader::Event::kData: {
      const std::string_view data = body_.data();
      unconsumed_ += data.size();
      const bool end = body_.done();
      if (end) {
        responseOver();
      }
      events_.data(stream, data, end);
      return unconsumed_ < kHighWater;
    }
    case BodyReader::Event::kEnd: {
      Fields trailers = body_.takeTrailers();
      responseOver();
      if (trailers.empty()) {
        events_.data(stream, {}, true);
      } else {
        events_.trailers(stream, std::move(trailers));
      }
      return true;
    }
    case BodyReader::Event::kBad:
      bad();
      return true;
  }
  return false;
}

/// A connection whose request did not end before its response did cannot be used again: the rest of
/// the request would be taken for the next one.
void ClientSession::responseOver() {
  open_ = false;
  freed_ = true;
  unconsumed_ = 0;
  state_ = requestDone_ && !leaving_ ? State::kIdle : State::kOver;
}

void ClientSession::bad() {
  state_ = State::kOver;
  leaving_ = true;
  if (open_) {
    open_ = false;
    events_.reset(stream_, StreamError::kProtocol);
  }
}

void ClientSession::receiveEnd() {
  if (state_ == State::kOver) {
    return;
  }
  if (!input_.empty() && unconsumed_ >= kHighWater) {
    endPending_ = true;  // what came before the end has not been looked at
    return;
  }
  const bool whole = (state_ == State::kBody || state_ == State::kTunnel) && body_.endsHere();
  state_ = State::kOver;
  leaving_ = true;
  if (!open_) {
    return;
  }
  open_ = false;
  if (whole) {
    events_.data(stream_, {}, true);
  } else {
    events_.reset(stream_, StreamError::kConnectionEnded);
  }
}

void ClientSession::reset(StreamId stream, StreamError) {
  if (current(stream)) {
    open_ = false;
    leaving_ = true;
    state_ = State::kOver;
  }
}

void ClientSession::consumed(StreamId stream, std::size_t bytes) {
  if (!current(stream)) {
    return;
  }
  const bool waited = unconsumed_ >= kHighWater;
  unconsumed_ -= std::min(bytes, unconsumed_);
  if (waited && unconsumed_ < kHighWater && !input_.empty()) {
    receive({});
    if (endPending_ && input_.empty()) {
      receiveEnd();
    }
  }
}

void ClientSession::wrote(std::size_t count) {
  output_.wrote(count);
  if (full_ && output_.size() <= kLowWater) {
    full_ = false;
    if (open_) {
      events_.drained(stream_);
    }
  }
}

}  // namespace hitless::proxy::http1
