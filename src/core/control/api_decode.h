#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/control/api_error.h"
#include "core/control/api_request.h"

/// Request bodies into objects of right JSON types.
namespace hitless::control {

/// What to do about fields that the kind does not have.
enum class FieldValidation { kIgnore, kWarn, kStrict };

/// The body as an object of whatever kind: JSON or YAML by content type, one document. `kind` is
/// the expected one, for the error message.
ApiResult<kube::json::object> parseBody(std::string_view kind, std::string_view contentType,
                                        std::string_view body);

/// Checks JSON types, then refuses, reports (in `warnings`) or drops unknown fields.
ApiStatus checkContent(const kube::Resource& resource, kube::json::object& object,
                       FieldValidation validation, std::vector<std::string>& warnings);

/// apiVersion and kind must be absent or those of the resource; absent ones are filled in.
ApiStatus checkKind(const kube::Resource& resource, kube::json::object& object);

/// parseBody, checkKind and checkContent.
ApiResult<kube::json::object> decodeObject(const kube::Resource& resource,
                                           const ApiRequest& request, FieldValidation validation,
                                           std::vector<std::string>& warnings);

/// The query parameters that every write takes.
struct WriteParameters {
  bool dryRun = false;
  FieldValidation validation = FieldValidation::kWarn;
  std::string fieldManager;  ///< As asked for, else the user agent's program name.
};
/// `optionsKind` is CreateOptions, UpdateOptions or PatchOptions, for the error message.
ApiResult<WriteParameters> writeParameters(const ApiRequest& request, std::string_view optionsKind);

}  // namespace hitless::control
