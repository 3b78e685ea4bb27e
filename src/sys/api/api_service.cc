#include "sys/api/api_service.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "sys/api/log_stream.h"

namespace hitless::sys {
namespace {

control::ApiRequest apiRequestOf(HttpRequest&& http) {
  control::ApiRequest request;
  request.method = std::move(http.method);
  control::setTarget(request, http.target);
  request.accept = std::move(http.headers["accept"]);
  request.contentType = std::move(http.headers["content-type"]);
  request.authorization = std::move(http.headers["authorization"]);
  request.userAgent = std::move(http.headers["user-agent"]);
  request.body = std::move(http.body);
  return request;
}

/// RFC 7234 5.5: code, agent, quoted text.
std::string warningField(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return fmt::format("299 - \"{}\"", quoted);
}

void send(HttpResponder& responder, control::ApiResponse&& response) {
  for (const std::string& warning : response.warnings) {
    responder.addHeader("Warning", warningField(warning));
  }
  responder.send(response.status, std::move(response.contentType), std::move(response.body));
}

}  // namespace

ApiService::ApiService(boost::asio::io_context& io, control::Api& api, control::LogSource& logs,
                       WatchHubOptions options)
    : io_(io), api_(api), logs_(logs), hub_(io, api.registry().store(), options) {}

void ApiService::handle(HttpRequest http, std::shared_ptr<HttpResponder> responder) {
  control::ApiReply reply = api_.handle(apiRequestOf(std::move(http)));
  if (auto* response = std::get_if<control::ApiResponse>(&reply)) {
    send(*responder, std::move(*response));
  } else if (auto* watch = std::get_if<std::unique_ptr<control::Watch>>(&reply)) {
    hub_.add(std::move(*watch), std::move(responder));
  } else {
    std::make_shared<LogStream>(io_, logs_, api_.registry().store(),
                                std::get<control::LogQuery>(std::move(reply)), std::move(responder))
        ->start();
  }
}

}  // namespace hitless::sys
