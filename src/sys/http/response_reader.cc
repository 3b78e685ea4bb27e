#include "sys/http/response_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

namespace hitless::sys {

namespace http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

/// Beast's parser with the few callbacks that matter here.
class ResponseReader::Parser : public http::basic_parser<false> {
 public:
  Parser(bool headRequest, std::size_t maxBody, const OnBody& stream)
      : maxBody_(maxBody), stream_(stream) {
    eager(true);
    skip(headRequest);
    header_limit(64 * 1024);
    body_limit(boost::none);
  }

  int status = 0;
  std::string body;

 private:
  void on_request_impl(http::verb, View, View, int, error_code&) override {}
  void on_response_impl(int code, View, int, error_code&) override { status = code; }
  void on_field_impl(http::field, View, View, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    if (length && *length > maxBody_ && !streaming()) {
      error = http::error::body_limit;
    }
  }
  std::size_t on_body_impl(View piece, error_code& error) override { return take(piece, error); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, error_code& error) override {
    return take(piece, error);
  }
  void on_finish_impl(error_code&) override {}

  bool streaming() const { return stream_ != nullptr && status / 100 == 2; }

  std::size_t take(View piece, error_code& error) {
    if (streaming()) {
      stream_({piece.data(), piece.size()});
    } else if (piece.size() > maxBody_ - body.size()) {
      error = http::error::body_limit;
    } else {
      body.append(piece.data(), piece.size());
    }
    return piece.size();
  }

  std::size_t maxBody_;
  const OnBody& stream_;
};

ResponseReader::ResponseReader(bool headRequest, std::size_t maxBody)
    : headRequest_(headRequest), maxBody_(maxBody) {
  parser_ = std::make_unique<Parser>(headRequest_, maxBody_, stream_);
}

ResponseReader::~ResponseReader() = default;

void ResponseReader::streamTo(OnBody body) {
  stream_ = std::move(body);
}

Status ResponseReader::put(std::string_view bytes) {
  pending_.append(bytes);
  std::size_t used = 0;
  while (used < pending_.size()) {
    if (done()) {
      return fail(ErrorKind::kInternal, "the server sent more than its answer");
    }
    error_code error;
    const std::size_t step = parser_->put(
        boost::asio::const_buffer(pending_.data() + used, pending_.size() - used), error);
    used += step;
    if (error && error != http::error::need_more) {
      return fail(ErrorKind::kInternal, "not an HTTP/1.1 answer: " + error.message());
    }
    if (parser_->is_done() && parser_->status / 100 == 1) {
      // An interim answer (RFC 9110 15.2): the final one follows.
      parser_ = std::make_unique<Parser>(headRequest_, maxBody_, stream_);
    } else if (error || step == 0) {
      break;
    }
  }
  pending_.erase(0, used);
  return {};
}

Status ResponseReader::end() {
  if (done()) {
    return {};
  }
  error_code error;
  if (parser_->is_header_done() && parser_->need_eof()) {
    parser_->put_eof(error);
    if (!error) {
      return {};
    }
  }
  return fail(ErrorKind::kUnavailable,
              parser_->got_some() ? "the server closed the connection in the middle of its answer"
                                  : "the server closed the connection without an answer");
}

bool ResponseReader::done() const {
  return parser_->is_done();
}

bool ResponseReader::keepAlive() const {
  return parser_->is_done() && parser_->keep_alive();
}

int ResponseReader::status() const {
  return parser_->is_header_done() ? parser_->status : 0;
}

HttpResponse ResponseReader::take() {
  return {parser_->status, std::move(parser_->body)};
}

namespace {

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool isToken(std::string_view text) {
  return !text.empty() && !hasControl(text) &&
         text.find_first_of(" \t:\"(),/;<=>?@[\\]{}") == std::string_view::npos;
}

std::string hostHeader(const PlainRequest& request) {
  const bool v6 = request.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + request.host + "]" : request.host;
  return request.port == 80 ? host : fmt::format("{}:{}", host, request.port);
}

}  // namespace

Result<std::string> serializeRequest(const PlainRequest& request) {
  if (!isToken(request.method)) {
    return invalid(fmt::format("'{}' is not an HTTP method", request.method));
  }
  if (request.target.empty() || request.target.front() != '/' || hasControl(request.target) ||
      request.target.find(' ') != std::string::npos) {
    return invalid(fmt::format("'{}' is not a request path", request.target),
                   "it must begin with / and hold no blanks");
  }
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  bool hostGiven = false;
  for (const auto& [name, value] : request.headers) {
    if (!isToken(name) || hasControl(value)) {
      return invalid(fmt::format("'{}: {}' is not an HTTP header", name, value));
    }
    hostGiven = hostGiven || (name.size() == 4 && (name == "Host" || name == "host"));
    out += fmt::format("{}: {}\r\n", name, value);
  }
  if (!hostGiven) {
    out += fmt::format("Host: {}\r\n", hostHeader(request));
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    out += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return out + "\r\n" + request.body;
}

}  // namespace hitless::sys
