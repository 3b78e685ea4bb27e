#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/proxy/message.h"
#include "core/proxy/route_table.h"
#include "core/proxy/routing/routes.h"

/// What rules do to messages on their way.
namespace hitless::proxy::routing {

/// Whether a field only means something on one connection or frames a message: rules cannot touch
/// these (RFC 9110 7.6.1). The name is in lower case.
bool belongsToConnection(std::string_view name);

/// Removes, then sets, then adds. What is added joins fields of the name as one more.
void edit(ResponseHead& head, const FieldEdits& edits);
/// The same; "host" means the authority.
void edit(RequestHead& head, const FieldEdits& edits);

/// `target` is a path with or without query, which is kept. `matched`: the prefix to replace is
/// its path's; without it the whole path is replaced.
std::string editedPath(std::string_view target, const PathEdit& edit, const RequestMatch* matched);

void rewrite(RequestHead& head, const Rewrite& rewrite, const RequestMatch* matched);

/// The Location of a redirection (HTTPRoute's RequestRedirect): what it does not say is as in the
/// request; without scheme and port the port is the listener's. The usual port of a scheme is left
/// out.
std::string locationOf(const Redirect& redirect, const RequestHead& head,
                       std::uint16_t listenerPort, const RequestMatch* matched);

/// What is answered without asking a backend: 404 if nothing matched, a redirection, 500 if the
/// rule has no backend; else nullopt.
std::optional<ResponseHead> directAnswer(const Match& match, const RequestHead& head,
                                         std::uint16_t listenerPort);

}  // namespace hitless::proxy::routing
