#include "app/node/source_fetcher.h"

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>

namespace hitless::app {
namespace {

struct Fetch {
  node::Sources sources;
  std::size_t left = 0;
  std::optional<Error> error;
  std::function<void(Result<node::Sources>)> done;

  void finishIfDone() {
    if (left > 0) {
      return;
    }
    if (error) {
      done(tl::unexpected<Error>(*error));
    } else {
      done(std::move(sources));
    }
  }
};

}  // namespace

void fetchSources(NodeContext& context, const std::string& ns,
                  const std::vector<node::SourceRef>& wanted,
                  std::function<void(Result<node::Sources>)> done) {
  auto fetch = std::make_shared<Fetch>();
  fetch->left = wanted.size();
  fetch->sources.serviceAccountToken = context.token;
  fetch->done = std::move(done);
  if (wanted.empty()) {
    boost::asio::post(context.io, [fetch] { fetch->finishIfDone(); });
  }
  for (const node::SourceRef& ref : wanted) {
    const kube::Resource& resource =
        ref.kind == node::SourceKind::kSecret ? kube::res::kSecrets : kube::res::kConfigMaps;
    sys::KubeClient::Request request;
    request.target = sys::pathOf(resource, ns, ref.name);
    context.api.send(std::move(request), [fetch, ref](const Result<sys::HttpResponse>& response) {
      auto object = response ? sys::objectOf(*response)
                             : Result<kube::json::object>(tl::unexpected<Error>(response.error()));
      if (object) {
        fetch->sources.found.emplace(ref, node::sourceDataOf(*object, ref.kind));
      } else if (object.error().kind != ErrorKind::kNotFound) {
        fetch->error = std::move(object).error();
      }
      --fetch->left;
      fetch->finishIfDone();
    });
  }
}

}  // namespace hitless::app
