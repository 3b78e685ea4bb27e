#pragma once

namespace hitless::sys {

/// Lets this process open as many files as it may: the soft limit becomes the hard one.
void raiseFileLimit();

}  // namespace hitless::sys
