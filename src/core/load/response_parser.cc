#include "core/load/response_parser.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace hitless::load {
namespace {

constexpr std::size_t kMaxChunkLine = 1024;

bool isTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool equalsIgnoreCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
         });
}

}  // namespace

void ResponseParser::reset(bool headRequest) {
  std::string line = std::move(line_);
  line.clear();
  *this = ResponseParser{};
  line_ = std::move(line);
  headRequest_ = headRequest;
}

std::size_t ResponseParser::feed(std::string_view bytes) {
  started_ = started_ || !bytes.empty();
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !failed()) {
    const std::string_view rest = bytes.substr(taken);
    taken += inLine() ? feedLine(rest) : feedBody(rest);
  }
  return taken;
}

void ResponseParser::finish() {
  if (state_ == State::kUntilClose) {
    complete(false);
  }
}

bool ResponseParser::inLine() const {
  switch (state_) {
    case State::kStatusLine:
    case State::kHeaders:
    case State::kChunkSize:
    case State::kChunkEnd:
    case State::kTrailers:
      return true;
    default:
      return false;
  }
}

std::size_t ResponseParser::feedLine(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
  const bool chunkLine = state_ == State::kChunkSize || state_ == State::kChunkEnd;
  head_ += chunkLine ? 0 : taken;
  if (head_ > kMaxHead || (chunkLine && line_.size() + taken > kMaxChunkLine)) {
    fail("a line or the head of the response is too long");
    return taken;
  }
  if (end == std::string_view::npos) {
    line_.append(bytes);
    return taken;
  }
  std::string_view line = bytes.substr(0, end);
  if (!line_.empty()) {
    line_.append(line);
    line = line_;
  }
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  onLine(line);
  line_.clear();
  return taken;
}

std::size_t ResponseParser::feedBody(std::string_view bytes) {
  if (state_ == State::kUntilClose) {
    return bytes.size();
  }
  const std::size_t taken = std::min<std::uint64_t>(left_, bytes.size());
  left_ -= taken;
  if (left_ == 0 && state_ == State::kFixedBody) {
    complete(keepAlive_);
  } else if (left_ == 0) {
    state_ = State::kChunkEnd;
  }
  return taken;
}

void ResponseParser::onLine(std::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return onStatusLine(line);
    case State::kHeaders:
      return line.empty() ? onHeadEnd() : onHeader(line);
    case State::kChunkSize:
      return onChunkSize(line);
    case State::kChunkEnd:
      state_ = State::kChunkSize;
      return line.empty() ? void() : fail("a chunk is longer than its size says");
    case State::kTrailers:
      return line.empty() ? complete(keepAlive_ && !hasLength_) : void();
    default:
      return fail("a line where none belongs");
  }
}

void ResponseParser::onStatusLine(std::string_view line) {
  // "HTTP/1.1 200 OK"; the reason and its space may be missing.
  const bool good = line.size() >= 12 && line.starts_with("HTTP/1.") && isDigit(line[7]) &&
                    line[8] == ' ' && line[9] >= '1' && line[9] <= '5' && isDigit(line[10]) &&
                    isDigit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!good) {
    return fail("the status line is not one of HTTP/1.1");
  }
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  keepAlive_ = line[7] != '0';
  state_ = State::kHeaders;
}

void ResponseParser::onHeader(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos ||
      !std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                   isTokenCharacter)) {
    return fail("a header line has no valid name");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (equalsIgnoreCase(name, "content-length")) {
    onContentLength(value);
  } else if (equalsIgnoreCase(name, "connection")) {
    onConnection(value);
  } else if (equalsIgnoreCase(name, "transfer-encoding")) {
    encoded_ = true;  // chunked counts only as the last coding, RFC 9112 section 6.3
    chunked_ = equalsIgnoreCase(trim(split(value, ',').back()), "chunked");
  }
}

void ResponseParser::onContentLength(std::string_view value) {
  const auto length = parseUint(value);
  if (!length || (hasLength_ && *length != length_)) {
    return fail("the Content-Length is not one number");
  }
  hasLength_ = true;
  length_ = *length;
}

void ResponseParser::onConnection(std::string_view value) {
  for (const std::string_view option : split(value, ',')) {
    if (equalsIgnoreCase(trim(option), "close")) {
      keepAlive_ = false;
    } else if (equalsIgnoreCase(trim(option), "keep-alive")) {
      keepAlive_ = true;
    }
  }
}

/// The body's length by RFC 9112 section 6.3.
void ResponseParser::onHeadEnd() {
  if (status_ == 101) {
    return fail("the server switched protocols unasked");
  }
  if (status_ < 200) {
    state_ = State::kStatusLine;
    status_ = 0;
    encoded_ = chunked_ = hasLength_ = false;
    return;
  }
  if (headRequest_ || status_ == 204 || status_ == 304) {
    return complete(keepAlive_);
  }
  if (encoded_) {
    state_ = chunked_ ? State::kChunkSize : State::kUntilClose;
    return;
  }
  if (!hasLength_) {
    state_ = State::kUntilClose;
    return;
  }
  left_ = length_;
  state_ = State::kFixedBody;
  if (left_ == 0) {
    complete(keepAlive_);
  }
}

void ResponseParser::onChunkSize(std::string_view line) {
  const std::string_view digits = trim(line.substr(0, line.find(';')));
  const auto [rest, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (digits.empty() || error != std::errc{} || rest != digits.data() + digits.size()) {
    return fail("a chunk's size is not a hexadecimal number");
  }
  state_ = left_ == 0 ? State::kTrailers : State::kChunkData;
}

void ResponseParser::complete(bool reusable) {
  state_ = State::kDone;
  reusable_ = reusable;
}

void ResponseParser::fail(const char* why) {
  state_ = State::kFailed;
  error_ = why;
}

}  // namespace hitless::load
