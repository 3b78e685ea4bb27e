#include "core/proxy/http1/body.h"

#include <algorithm>

namespace hitless::proxy::http1 {
namespace {

constexpr Refusal kBadChunk{400, "http1.invalid_chunk"};
constexpr Refusal kTooLarge{431, "http1.trailers_too_large"};
/// 16 digits would still fit, but nobody sends an exabyte.
constexpr unsigned kMaxDigits = 15;
/// Nobody uses chunk extensions, but a peer could send nothing else for ever.
constexpr std::size_t kMaxExtension = 16 * 1024;

int digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

}  // namespace

void BodyReader::begin(const Framing& framing) {
  left_ = framing.length;
  extension_ = 0;
  digits_ = 0;
  trailerText_.clear();
  trailers_.clear();
  switch (framing.kind) {
    case Framing::Kind::kNone:
      state_ = State::kDone;
      break;
    case Framing::Kind::kLength:
      state_ = left_ > 0 ? State::kLength : State::kDone;
      break;
    case Framing::Kind::kChunked:
      state_ = State::kSize;
      left_ = 0;
      break;
    case Framing::Kind::kUntilEnd:
    case Framing::Kind::kTunnel:
      state_ = State::kUntilEnd;
      break;
  }
}

BodyReader::Event BodyReader::bad(const Refusal& why) {
  refusal_ = why;
  return Event::kBad;
}

BodyReader::Event BodyReader::take(std::string_view& bytes) {
  const std::size_t count =
      state_ == State::kUntilEnd ? bytes.size() : std::min<std::uint64_t>(left_, bytes.size());
  data_ = bytes.substr(0, count);
  bytes.remove_prefix(count);
  if (state_ != State::kUntilEnd) {
    left_ -= count;
    if (left_ == 0) {
      state_ = state_ == State::kLength ? State::kDone : State::kChunkCr;
    }
  }
  return Event::kData;
}

bool BodyReader::addDigit(char c) {
  if (const int value = digit(c); value >= 0) {
    left_ = left_ * 16 + static_cast<unsigned>(value);
    return ++digits_ <= kMaxDigits;
  }
  if (digits_ == 0) {
    return false;
  }
  if (c == '\r') {
    state_ = State::kSizeEnd;
    return true;
  }
  state_ = State::kExtension;
  return c == ';';
}

bool BodyReader::step(char c) {
  switch (state_) {
    case State::kSize:
      return addDigit(c);
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kSizeEnd;
        return true;
      }
      return c != '\n' && c != '\0' && ++extension_ <= kMaxExtension;
    case State::kSizeEnd:
      state_ = left_ > 0 ? State::kChunk : State::kTrailers;
      digits_ = 0;
      return c == '\n';
    case State::kChunkCr:
      state_ = State::kChunkLf;
      return c == '\r';
    case State::kChunkLf:
      state_ = State::kSize;
      return c == '\n';
    default:
      return false;
  }
}

BodyReader::Event BodyReader::trailerByte(char c) {
  trailerText_.push_back(c);
  if (trailerText_.size() > limits_.bytes) {
    return bad(kTooLarge);
  }
  if (c != '\n') {
    return Event::kMore;
  }
  const std::string_view text = trailerText_;
  if (!text.ends_with("\r\n")) {
    return bad(kBadChunk);
  }
  if (text != "\r\n" && !text.ends_with("\r\n\r\n")) {
    return Event::kMore;
  }
  auto trailers = readTrailers(text, limits_);
  if (!trailers) {
    return bad(trailers.error());
  }
  trailers_ = *std::move(trailers);
  state_ = State::kDone;
  return Event::kEnd;
}

BodyReader::Event BodyReader::next(std::string_view& bytes) {
  while (true) {
    if (state_ == State::kDone) {
      return Event::kEnd;
    }
    if (bytes.empty()) {
      return Event::kMore;
    }
    if (state_ == State::kLength || state_ == State::kUntilEnd || state_ == State::kChunk) {
      return take(bytes);
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (state_ == State::kTrailers) {
      if (const Event event = trailerByte(c); event != Event::kMore) {
        return event;
      }
    } else if (!step(c)) {
      return bad(kBadChunk);
    }
  }
}

}  // namespace hitless::proxy::http1
