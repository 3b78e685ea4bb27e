#pragma once

#include "core/control/api.h"
#include "core/control/api_decode.h"

/// The handlers behind Api's table of routes; used by api*.cc only.
namespace hitless::control {

struct Call {
  Registry& registry;
  const ApiRequest& request;
  const Target& target;
};
using Reply = ApiResult<ApiReply>;

Reply readObject(const Call& call);
Reply listOrWatch(const Call& call);
Reply createObject(const Call& call);
Reply updateObject(const Call& call);
Reply patchObject(const Call& call);
Reply deleteObject(const Call& call);
Reply deleteCollection(const Call& call);
Reply readScale(const Call& call);
Reply updateScale(const Call& call);
Reply patchScale(const Call& call);
Reply readLog(const Call& call);
Reply bindPod(const Call& call);
Reply evictPod(const Call& call);

/// Everything that is not below a resource: discovery, OpenAPI, version, health. Nullopt: no such
/// path.
std::optional<ApiResponse> serveMeta(const ApiRequest& request, const Api::Options& options);
/// Whether requests for the path need no token.
bool isPublic(std::string_view path);

/// The kinds of patch, by content type.
enum class PatchType { kJson, kMerge, kStrategic, kApply };
ApiResult<PatchType> patchType(std::string_view contentType);
/// Applies a patch other than kApply to a document. Without a resource (a Scale), strategic merge
/// is the same as merge.
ApiResult<kube::json::object> patched(PatchType type, const kube::Resource* resource,
                                      const kube::json::object& live, const ApiRequest& request);

ApiResponse jsonResponse(int status, const kube::json::object& object);
/// The object in the form that the client accepts.
Reply objectResponse(const Call& call, int status, const kube::ObjectPtr& object,
                     std::vector<std::string> warnings = {});
/// A list's own metadata.
struct ListMeta {
  std::uint64_t revision = 0;
  std::string continueToken = {};             ///< Empty: this is the last page.
  std::optional<std::size_t> remaining = {};  ///< How many objects come after this page.
};
/// The list document of these objects.
std::string listBody(const Rendering& rendering, const kube::Resource& resource,
                     const std::vector<kube::ObjectPtr>& objects, const ListMeta& meta,
                     WallTime now);
ApiResult<Rendering> renderingOf(const ApiRequest& request);
/// The query's resourceVersion.
struct Revision {
  std::uint64_t number = 0;
  bool given = false;
};
ApiResult<Revision> revisionParameter(const Query& query);
/// Refuses a revision from the future.
ApiStatus checkFresh(const Store& store, const Revision& revision);
tl::unexpected<ApiError> badListOption(std::string field, std::string message);
/// The collection, or a page of it.
Reply listReply(const Call& call, const Selection& selection);
/// labelSelector and fieldSelector of the query.
ApiResult<Selection> selectionOf(const Call& call);

}  // namespace hitless::control
