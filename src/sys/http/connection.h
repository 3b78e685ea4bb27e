#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "sys/http/server.h"
#include "sys/http/transport.h"

namespace hitless::sys {

class Connection;

/// What a server and its connections share; it lives as long as the last of them.
struct ServerState {
  HttpServerOptions options;
  HttpHandler handler;
  std::unique_ptr<boost::asio::ssl::context> tls;  ///< Null: plain HTTP.
  std::unordered_set<Connection*> open;
  bool lastAnswers = false;  ///< Each answer ends its connection.
  bool stopped = false;
};

/// One HTTP/1.1 connection: reads a request, lets the handler answer it, reads the next.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::any_io_executor executor, std::shared_ptr<ServerState> server,
             std::unique_ptr<Transport> transport, std::string peer);
  ~Connection();

  void start();
  /// Closes at once, without telling the request's handler.
  void close();

  // What a responder does; see HttpResponder.
  void addHeader(std::string_view name, std::string_view value);
  void send(int status, std::string_view contentType, std::string_view body);
  void startStream(int status, std::string_view contentType);
  void writeStream(std::string_view chunk);
  void finishStream();
  std::size_t bufferedBytes() const { return out_.size() + inFlight_.size(); }
  void onPeerGone(std::function<void()> callback) { peerGone_ = std::move(callback); }

 private:
  enum class State {
    kHandshake,
    kReading,    ///< A request is expected or being read.
    kHandling,   ///< The handler owes (the rest of) an answer.
    kFlushing,   ///< The answer is complete and being written.
    kLingering,  ///< Answered for the last time; what the peer still sends is thrown away.
    kClosed,
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;

  void nextRequest();
  void read();
  void onRead(ErrorCode error, std::size_t size);
  void parse();
  void refuse(ErrorCode error);
  void dispatch();
  void peerLeft(bool reset);
  void enqueue(std::string_view data);
  void flush();
  void onWritten(ErrorCode error);
  void linger();
  void setDeadline(nanoseconds after);

  std::shared_ptr<ServerState> server_;
  std::unique_ptr<Transport> transport_;
  std::string peer_;
  boost::asio::steady_timer deadline_;
  State state_ = State::kHandshake;
  boost::beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::string fields_;  ///< Further header fields of the next answer.
  std::string out_;
  std::string inFlight_;
  std::function<void()> peerGone_;
  std::size_t lingered_ = 0;
  bool readPending_ = false;
  bool refused_ = false;  ///< The rest of the input is not a request.
  bool continueSent_ = false;
  bool keepAlive_ = true;
  bool http10_ = false;
  bool headOnly_ = false;
  bool streaming_ = false;
};

}  // namespace hitless::sys
