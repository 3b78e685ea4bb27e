#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/control/api_request.h"
#include "core/control/pod_log.h"
#include "core/control/registry.h"
#include "core/control/watch.h"

namespace hitless::control {

struct ApiResponse {
  int status = 200;
  std::string contentType = "application/json";
  std::string body;
  std::vector<std::string> warnings;  ///< Each becomes a Warning header.
};

/// A whole answer; or a watch, or a log, that the shell streams.
using ApiReply = std::variant<ApiResponse, std::unique_ptr<Watch>, LogQuery>;

/// The Kubernetes API as a function of a request and the store.
class Api {
 public:
  struct Options {
    std::string token;          ///< Bearer token that requests need; empty: none.
    std::string serverAddress;  ///< "127.0.0.1:6443", for the discovery document.
  };

  Api(Registry& registry, Options options) : registry_(registry), options_(std::move(options)) {}

  ApiReply handle(const ApiRequest& request);

  Registry& registry() { return registry_; }
  const Options& options() const { return options_; }

 private:
  ApiResult<ApiReply> route(const ApiRequest& request);
  bool authorized(const ApiRequest& request) const;

  Registry& registry_;
  Options options_;
};

/// An error as an answer.
ApiResponse errorResponse(const ApiError& error);

}  // namespace hitless::control
