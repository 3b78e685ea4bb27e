#include "sys/http/connection.h"

#include <boost/asio/error.hpp>

#include "base/text.h"
#include "sys/http/response_head.h"

namespace hitless::sys {
namespace {

namespace http = boost::beast::http;

constexpr nanoseconds kHandshakeTime = seconds{10};
constexpr nanoseconds kIdleTime = seconds{180};  ///< Go's client gives idle connections up at 90 s.
constexpr nanoseconds kRequestTime = seconds{60};
constexpr nanoseconds kFlushTime = seconds{60};
constexpr nanoseconds kLingerTime = seconds{2};
constexpr std::size_t kLingerBytes = 64 << 20;
constexpr std::size_t kHeadReadBytes = 2 * 1024;  ///< Small, because every idle watch holds one.
constexpr std::size_t kBodyReadBytes = 64 * 1024;
constexpr std::size_t kSpareBytes = 8 * 1024;
constexpr std::uint32_t kHeaderBytes = 64 * 1024;

/// Hands one answer to its connection. Dropped without a complete answer, it closes the connection.
class Responder : public HttpResponder {
 public:
  explicit Responder(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Responder() override { abort(); }

  void addHeader(std::string name, std::string value) override {
    if (connection_) {
      connection_->addHeader(name, value);
    }
  }
  void send(int status, std::string contentType, std::string body) override {
    if (const auto connection = release()) {
      connection->send(status, contentType, body);
    }
  }
  void start(int status, std::string contentType) override {
    if (connection_) {
      connection_->startStream(status, contentType);
    }
  }
  void write(std::string chunk) override {
    if (connection_) {
      connection_->writeStream(chunk);
    }
  }
  void finish() override {
    if (const auto connection = release()) {
      connection->finishStream();
    }
  }
  std::size_t bufferedBytes() const override {
    return connection_ ? connection_->bufferedBytes() : 0;
  }
  void abort() override {
    if (const auto connection = release()) {
      connection->close();
    }
  }
  void onClosed(std::function<void()> closed) override {
    if (connection_) {
      connection_->onPeerGone(std::move(closed));
    }
  }

 private:
  std::shared_ptr<Connection> release() { return std::exchange(connection_, nullptr); }
  std::shared_ptr<Connection> connection_;
};

HttpRequest requestOf(http::request<http::string_body>&& message, const std::string& peer) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    std::string& value = request.headers[toLower(field.name_string())];
    if (!value.empty()) {
      value += ", ";
    }
    value += field.value();
  }
  request.body = std::move(message.body());
  request.peer = peer;
  return request;
}

}  // namespace

Connection::Connection(boost::asio::any_io_executor executor, std::shared_ptr<ServerState> server,
                       std::unique_ptr<Transport> transport, std::string peer)
    : server_(std::move(server)),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      deadline_(std::move(executor)) {
  server_->open.insert(this);
}

Connection::~Connection() {
  server_->open.erase(this);
}

void Connection::start() {
  setDeadline(kHandshakeTime);
  transport_->handshake([self = shared_from_this()](ErrorCode error, std::size_t) {
    if (error) {
      self->close();
    } else if (self->state_ == State::kHandshake) {
      self->nextRequest();
    }
  });
}

void Connection::close() {
  if (state_ == State::kClosed) {
    return;
  }
  state_ = State::kClosed;
  deadline_.cancel();
  transport_->close();
  // Last, because dropping the callback may drop what holds this connection.
  const auto self = shared_from_this();
  peerGone_ = nullptr;
}

void Connection::nextRequest() {
  state_ = State::kReading;
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(kHeaderBytes);
  parser_->body_limit(server_->options.maxBodyBytes);
  fields_.clear();
  continueSent_ = false;
  streaming_ = false;
  setDeadline(kIdleTime);
  if (in_.size() > 0) {
    parse();
  } else {
    read();
  }
}

void Connection::read() {
  if (readPending_ || state_ == State::kClosed) {
    return;
  }
  readPending_ = true;
  const bool body = state_ == State::kReading && parser_->is_header_done();
  const auto space = in_.prepare(body ? kBodyReadBytes : kHeadReadBytes);
  transport_->readSome(static_cast<char*>(space.data()), space.size(),
                       [self = shared_from_this()](ErrorCode error, std::size_t size) {
                         self->onRead(error, size);
                       });
}

void Connection::onRead(ErrorCode error, std::size_t size) {
  readPending_ = false;
  if (state_ == State::kClosed) {
    return;
  }
  if (error) {
    peerLeft(error != boost::asio::error::eof);
    return;
  }
  in_.commit(size);
  if (state_ == State::kReading) {
    if (in_.size() == size && !parser_->is_header_done()) {
      setDeadline(kRequestTime);
    }
    parse();
  } else if (state_ == State::kLingering) {
    in_.clear();
    lingered_ += size;
    lingered_ > kLingerBytes ? close() : read();
  }
}

/// The peer sent its last byte (it may still read), or reset the connection.
void Connection::peerLeft(bool reset) {
  const auto callback = std::exchange(peerGone_, nullptr);
  keepAlive_ = false;
  const bool mayStillAnswer =
      !reset && !streaming_ && (state_ == State::kHandling || state_ == State::kFlushing);
  if (!mayStillAnswer) {
    close();
  }
  if (callback) {
    callback();
  }
}

void Connection::parse() {
  ErrorCode error;
  in_.consume(parser_->put(in_.data(), error));
  if (error == http::error::need_more) {
    error = {};
  }
  if (error) {
    refuse(error);
    return;
  }
  if (parser_->is_done()) {
    dispatch();
    return;
  }
  if (parser_->is_header_done() && !continueSent_ &&
      toLower(parser_->get()[http::field::expect]) == "100-continue") {
    continueSent_ = true;
    enqueue("HTTP/1.1 100 Continue\r\n\r\n");
  }
  read();
}

void Connection::refuse(ErrorCode error) {
  refused_ = true;
  keepAlive_ = false;
  http10_ = false;
  headOnly_ = false;
  if (error == http::error::body_limit) {
    const std::string& body = server_->options.tooLargeBody;
    send(413, body.empty() ? "text/plain" : "application/json",
         body.empty() ? "the request's body is too large\n" : body);
  } else if (error == http::error::header_limit) {
    send(431, "text/plain", "the request's header is too large\n");
  } else {
    send(400, "text/plain", "400 Bad Request: " + error.message() + "\n");
  }
}

void Connection::dispatch() {
  const auto& message = parser_->get();
  keepAlive_ = message.keep_alive() && !server_->lastAnswers;
  http10_ = message.version() < 11;
  headOnly_ = message.method() == http::verb::head;
  state_ = State::kHandling;
  deadline_.cancel();
  HttpRequest request = requestOf(parser_->release(), peer_);
  parser_.reset();
  if (in_.size() == 0 && in_.capacity() > kSpareBytes) {
    in_.shrink_to_fit();
  }
  server_->handler(std::move(request), std::make_shared<Responder>(shared_from_this()));
  if (state_ == State::kHandling && in_.size() == 0) {
    read();  // Only to learn that the peer has gone.
  }
}

void Connection::addHeader(std::string_view name, std::string_view value) {
  fields_ += name;
  fields_ += ": ";
  for (const char c : value) {
    fields_ += c == '\r' || c == '\n' ? ' ' : c;  // A value cannot begin a field of its own.
  }
  fields_ += "\r\n";
}

void Connection::send(int status, std::string_view contentType, std::string_view body) {
  if (state_ == State::kClosed) {
    return;
  }
  peerGone_ = nullptr;
  state_ = State::kFlushing;
  setDeadline(kFlushTime);
  std::string answer =
      encode(ResponseHead{status, contentType, body.size(), fields_, keepAlive_, http10_});
  if (!headOnly_) {
    answer += body;
  }
  enqueue(answer);
}

void Connection::startStream(int status, std::string_view contentType) {
  if (state_ != State::kHandling || streaming_) {
    return;
  }
  streaming_ = true;
  keepAlive_ = keepAlive_ && !http10_;
  enqueue(encode(ResponseHead{status, contentType, std::nullopt, fields_, keepAlive_, http10_}));
}

void Connection::writeStream(std::string_view chunk) {
  if (state_ == State::kHandling && streaming_ && !headOnly_) {
    enqueue(http10_ ? std::string(chunk) : encodeChunk(chunk));
  }
}

void Connection::finishStream() {
  if (state_ != State::kHandling || !streaming_) {
    close();
    return;
  }
  peerGone_ = nullptr;
  state_ = State::kFlushing;
  setDeadline(kFlushTime);
  enqueue(http10_ || headOnly_ ? std::string_view() : kLastChunk);
}

void Connection::enqueue(std::string_view data) {
  out_ += data;
  if (inFlight_.empty()) {
    flush();
  }
}

void Connection::flush() {
  if (out_.empty()) {
    onWritten({});
    return;
  }
  inFlight_.swap(out_);
  transport_->write(inFlight_, [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->inFlight_.clear();
    self->onWritten(error);
  });
}

void Connection::onWritten(ErrorCode error) {
  if (state_ == State::kClosed) {
    return;
  }
  if (error) {
    peerLeft(true);
  } else if (!out_.empty()) {
    flush();
  } else if (state_ == State::kFlushing) {
    keepAlive_ && !server_->stopped ? nextRequest() : linger();
  } else if (inFlight_.capacity() > kSpareBytes) {
    inFlight_.shrink_to_fit();  // An idle watch does not keep the buffer of its initial list.
  }
}

/// The end after a last answer. A close with unread input would reset the connection and could
/// destroy the answer on its way, so what a refused client still sends is read and thrown away.
void Connection::linger() {
  state_ = State::kLingering;
  setDeadline(kLingerTime);
  in_.clear();
  if (refused_) {
    transport_->shutdownSend();
    read();
    return;
  }
  transport_->sayGoodbye([self = shared_from_this()](ErrorCode, std::size_t) { self->read(); });
}

void Connection::setDeadline(nanoseconds after) {
  deadline_.expires_after(after);
  deadline_.async_wait([weak = weak_from_this()](ErrorCode error) {
    if (const auto self = weak.lock(); self && !error) {
      self->close();
    }
  });
}

}  // namespace hitless::sys
