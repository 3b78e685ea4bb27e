#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"
#include "sys/http/client.h"
#include "sys/kube/config.h"

namespace hitless::sys {

/// Talks HTTPS to an API server on one io_context. Requests share a small pool of kept-alive
/// connections. One that the server answers with 401 is sent once more if the token has been
/// replaced meanwhile.
class KubeClient {
 public:
  static Result<std::unique_ptr<KubeClient>> create(boost::asio::io_context& io, const Clock& clock,
                                                    KubeConfig config);
  virtual ~KubeClient() = default;

  struct Request {
    std::string method = "GET";
    std::string target;                            ///< Path and query.
    std::string contentType = "application/json";  ///< Of the body.
    std::string body;
    nanoseconds timeout = seconds{30};
  };
  using Done = std::function<void(Result<HttpResponse>)>;
  /// Any HTTP status is a success here; errors are those of the transport. `done` is called once,
  /// never from inside the call.
  virtual void send(Request request, Done done) = 0;

  /// A streamed answer (a watch): `line` for each line, then `end` once, with the HTTP status and
  /// body if the server refused. Destroying the handle cancels without a further call.
  class Stream {
   public:
    virtual ~Stream() = default;
    /// From the next line on: the longest time without one that is not taken for a dead connection.
    virtual void allowSilence(nanoseconds /*longest*/) {}
  };
  using OnLine = std::function<void(std::string_view line)>;
  using OnEnd = std::function<void(Result<HttpResponse>)>;
  virtual std::unique_ptr<Stream> stream(std::string target, nanoseconds longestSilence,
                                         OnLine line, OnEnd end) = 0;
};

/// The URL path of a resource's collection or object:
/// "/apis/apps/v1/namespaces/default/deployments/web".
std::string pathOf(const kube::Resource& resource, std::string_view ns, std::string_view name = {},
                   std::string_view subresource = {});

/// The parsed object of a 2xx answer, else the Status message as an error of the kind that its code
/// means.
Result<kube::json::object> objectOf(const HttpResponse& response);

}  // namespace hitless::sys
