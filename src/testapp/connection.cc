#include "testapp/connection.h"

#include <algorithm>

namespace hitless::testapp {
namespace {

constexpr std::size_t kFillStep = 64 * 1024;
constexpr std::size_t kMaxAhead = 256 * 1024;

struct Reason {
  int status;
  const char* text;
};

constexpr Reason kReasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {431, "Request Header Fields Too Large"},
    {501, "Not Implemented"},
};

const char* reason(int status) {
  for (const Reason& row : kReasons) {
    if (row.status == status) {
      return row.text;
    }
  }
  return "Unknown";
}

}  // namespace

bool Connection::receive(std::string_view bytes) {
  in_.append(bytes);
  fresh_ = false;
  return in_.size() <= kMaxAhead;
}

std::optional<Delay> Connection::advance(bool closeAfterAnswer) {
  while (state_ == State::kReading) {
    skipBody();
    const Head head = parseHead(in_);
    if (skip_ > 0 || head.state == HeadState::kIncomplete) {
      return std::nullopt;
    }
    if (head.state == HeadState::kBad) {
      request_ = {};
      request_.keepAlive = false;
      answer(head.status, std::string(reason(head.status)) + "\n", 0, true);
      return std::nullopt;
    }
    in_.erase(0, head.size);
    request_ = head.request;
    skip_ = request_.bodyLength;
    ++counts_.received;
    if (const auto delay = start(closeAfterAnswer)) {
      return delay;
    }
  }
  return std::nullopt;
}

std::optional<Delay> Connection::start(bool closeAfterAnswer) {
  if (request_.method != "GET" && request_.method != "HEAD" && request_.method != "POST") {
    answer(405, "Method Not Allowed\n", 0, closeAfterAnswer);
    return std::nullopt;
  }
  const Route to = route(request_.target);
  switch (to.action) {
    case Action::kName:
      answer(200, podName_ + "\n", 0, closeAfterAnswer);
      break;
    case Action::kDelay:
      state_ = State::kDelayed;
      return Delay{to.seconds, 0};
    case Action::kBytes:
      answer(200, {}, to.bytes, closeAfterAnswer);
      break;
    case Action::kNotFound:
      answer(404, "Not Found\n", 0, closeAfterAnswer);
      break;
    case Action::kBadRequest:
      answer(400, "Bad Request\n", 0, closeAfterAnswer);
      break;
  }
  return std::nullopt;
}

void Connection::wake(std::int32_t, bool closeAfterAnswer) {
  if (state_ == State::kDelayed) {
    answer(200, podName_ + "\n", 0, closeAfterAnswer);
  }
}

void Connection::answer(int status, std::string_view body, std::uint64_t fill,
                        bool closeAfterAnswer) {
  close_ = closeAfterAnswer || !request_.keepAlive;
  out_ += "HTTP/1.1 " + std::to_string(status) + " " + reason(status) +
          "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size() + fill) +
          (close_ ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n");
  if (request_.method != "HEAD") {
    out_ += body;
    fill_ = fill;
    refill();
  }
  ++counts_.answered;
  state_ = State::kWriting;
}

void Connection::wrote(std::size_t count) {
  sent_ += count;
  if (sent_ < out_.size()) {
    return;
  }
  out_.clear();
  sent_ = 0;
  refill();
  if (out_.empty() && state_ == State::kWriting) {
    state_ = close_ ? State::kClosing : State::kReading;
  }
}

void Connection::refill() {
  const std::size_t step = std::min<std::uint64_t>(fill_, kFillStep);
  out_.append(step, 'x');
  fill_ -= step;
}

void Connection::skipBody() {
  const std::size_t count = std::min<std::uint64_t>(skip_, in_.size());
  in_.erase(0, count);
  skip_ -= count;
}

}  // namespace hitless::testapp
