#include "sys/http/client.h"

#include <boost/asio/post.hpp>

#include "sys/http/channel.h"
#include "sys/http/exchange.h"
#include "sys/http/response_reader.h"

namespace hitless::sys {

void sendPlain(boost::asio::io_context& io, PlainRequest request,
               std::function<void(Result<HttpResponse>)> done) {
  request.headers.emplace_back("Connection", "close");
  Result<std::string> bytes = serializeRequest(request);
  if (!bytes) {
    boost::asio::post(
        io, [done, error = std::move(bytes).error()] { done(tl::unexpected<Error>(error)); });
    return;
  }
  const bool local = !request.unixSocket.empty();
  ExchangeOptions options;
  options.host = local ? request.unixSocket : request.host;
  options.port = local ? 0 : request.port;
  options.headRequest = request.method == "HEAD";
  options.timeout = request.timeout;
  runExchange(io, local ? makeUnixChannel(io) : makePlainChannel(io), std::move(options),
              *std::move(bytes),
              [done](ExchangeResult result) { done(std::move(result.response)); });
}

}  // namespace hitless::sys
