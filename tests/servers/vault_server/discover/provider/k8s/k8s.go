// Package k8s stands in for the cloud of this name.
package k8s

// Provider is no cloud.
type Provider struct{}
